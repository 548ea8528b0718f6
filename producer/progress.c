/* SPDX-License-Identifier: MIT */
/*
 * progress.c - a bar on a terminal, else a log line now and then.
 */
#include "producer/progress.h"
#include "common/base/defs.h"
#include "common/base/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BAR_MS = 200, LOG_MS = 10000, BAR_WIDTH = 20, LINE_WIDTH = 79 };

/* "4.2 MB" */
static const char *
human_bytes(double bytes, char *out, size_t out_size)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	size_t unit = 0;

	for (; bytes >= 1000 && unit + 1 < ARRAY_LEN(units); unit++)
		bytes /= 1000;
	snprintf(out, out_size, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
	return out;
}

/* "1:02:03" or "2:03" */
static const char *
human_time(double seconds, char *out, size_t out_size)
{
	long long s = (long long)MIN(seconds, 359999.0);

	if (s >= 3600)
		snprintf(out, out_size, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
	else
		snprintf(out, out_size, "%lld:%02lld", s / 60, s % 60);
	return out;
}

/* The share of the bytes of this run that is done, 0 to 100. */
static int
percent(const struct progress *progress, const struct progress_facts *facts)
{
	double done = (double)(facts->bytes - progress->first_bytes);
	double all = done + (double)MAX(0, facts->bytes_left);

	/* 100 only when nothing is left. */
	return facts->bytes_left <= 0 ? 100 : (int)MIN(99.0, done * 100 / all);
}

static const char *
summary(const struct progress *progress, const struct progress_facts *facts, char *out,
	size_t out_size)
{
	char bytes[32];

	snprintf(out, out_size, "%llu line%s, %s, %.0f lines/s",
		 (unsigned long long)(facts->lines - progress->first_lines),
		 PLURAL(facts->lines - progress->first_lines),
		 human_bytes((double)(facts->bytes - progress->first_bytes), bytes, sizeof(bytes)),
		 progress->lines_per_s);
	return out;
}

const char *
progress_format(const struct progress *progress, const struct progress_facts *facts, char *out,
		size_t out_size)
{
	char text[96], bar[BAR_WIDTH + 1], eta[32] = "-";
	int share = percent(progress, facts);

	for (int i = 0; i < BAR_WIDTH; i++)
		bar[i] = i < share * BAR_WIDTH / 100 ? '#' : '.';
	bar[BAR_WIDTH] = '\0';
	if (progress->bytes_per_s > 1)
		human_time((double)facts->bytes_left / progress->bytes_per_s, eta, sizeof(eta));
	if (facts->bytes_left <= 0)
		snprintf(out, out_size, "[%s] 100 %%  %s", bar,
			 summary(progress, facts, text, sizeof(text)));
	else
		snprintf(out, out_size, "[%s] %3d %%  %s, %s left", bar, share,
			 summary(progress, facts, text, sizeof(text)), eta);
	return out;
}

void
progress_start(struct progress *progress, bool bar, const struct progress_facts *facts,
	       int64_t now_ms)
{
	*progress = (struct progress){
		.bar = bar,
		.start_ms = now_ms,
		.last_ms = now_ms,
		.next_ms = now_ms + (bar ? BAR_MS : LOG_MS),
		.first_lines = facts->lines,
		.first_bytes = facts->bytes,
		.last_lines = facts->lines,
		.last_bytes = facts->bytes,
	};
}

static void
update_rates(struct progress *progress, const struct progress_facts *facts, int64_t now_ms)
{
	double seconds = (double)(now_ms - progress->last_ms) / 1000;
	/* The bar looks often, so it has to smooth; the log line is a mean of 10 s anyway. */
	double weight = progress->bar && progress->lines_per_s > 0 ? 0.2 : 1.0;

	if (seconds <= 0)
		return;
	progress->lines_per_s += weight * ((double)(facts->lines - progress->last_lines) / seconds -
					   progress->lines_per_s);
	progress->bytes_per_s += weight * ((double)(facts->bytes - progress->last_bytes) / seconds -
					   progress->bytes_per_s);
	progress->last_lines = facts->lines;
	progress->last_bytes = facts->bytes;
	progress->last_ms = now_ms;
}

/* Written so that a log line that comes next starts at the left edge and covers it. */
static void
write_bar(const char *text)
{
	char line[LINE_WIDTH + 16];
	int len = snprintf(line, sizeof(line), "\r%-*.*s\r", LINE_WIDTH, LINE_WIDTH, text);
	ssize_t written = write(STDERR_FILENO, line, (size_t)len);

	(void)written; /* nobody is there to see it */
}

void
progress_turn(struct progress *progress, const struct progress_facts *facts, int64_t now_ms)
{
	bool moved = facts->lines != progress->last_lines;
	char text[160];

	if (now_ms < progress->next_ms)
		return;
	progress->next_ms = now_ms + (progress->bar ? BAR_MS : LOG_MS);
	update_rates(progress, facts, now_ms);
	if (progress->bar) {
		write_bar(progress_format(progress, facts, text, sizeof(text)));
		progress->shown = true;
	} else if (moved) {
		log_info("%s, %d %%", summary(progress, facts, text, sizeof(text)),
			 percent(progress, facts));
	}
}

void
progress_end(struct progress *progress, const struct progress_facts *facts, int64_t now_ms)
{
	double seconds = (double)MAX(1, now_ms - progress->start_ms) / 1000;
	char text[96];

	if (progress->shown)
		write_bar("");
	progress->lines_per_s = (double)(facts->lines - progress->first_lines) / seconds;
	log_info("%s in %.1f s, confirmed by the broker",
		 summary(progress, facts, text, sizeof(text)), seconds);
}

int64_t
progress_due_ms(const struct progress *progress)
{
	return progress->next_ms;
}
