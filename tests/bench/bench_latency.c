/* SPDX-License-Identifier: MIT */
/*
 * bench_latency.c - from a line written to its rows visible.
 *
 *   bench_latency CONF FROM TO LINES_PER_S SECONDS
 *
 * Appends lines of FROM to TO, each by a write of its own, at an even rate. Of up to 200 lines a
 * second the moment of writing is kept; another connection asks, oldest first, until the line's row
 * is in both tables. A line that became visible while an older one was asked for counts as late:
 * figures are upper bounds. Prints {"samples": N, "p50_ms": ..., "p99_ms": ..., "max_ms": ...,
 * "lines_per_s": what was reached}.
 */
#include "tests/bench/bench.h"
#include "common/database/db.h"
#include "common/base/log.h"
#include "common/base/md5.h"
#include "common/base/xalloc.h"
#include "common/settings/settings_load.h"
#include "lake_worker/raw_row.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { SAMPLES_PER_S = 200, TICK_US = 1000, ASK_US = 1000, PATIENCE_S = 60 };

struct sample {
	struct span line;
	double written_s;
};

struct latency {
	const struct span *lines;
	size_t line_count; /* to write */
	double rate;
	int fd; /* of TO */
	struct sample *samples;
	size_t every; /* which lines are samples */
	_Atomic size_t sampled;
	double seconds; /* that the writing took */
};

static void
pause_us(long us)
{
	struct timespec pause = {.tv_nsec = us * 1000};

	nanosleep(&pause, NULL);
}

/* --- writing --- */

/* The span is followed by its LF in memory. */
static void
write_line(struct latency *latency, size_t i)
{
	struct span line = latency->lines[i];
	double now_s = bench_now_s();

	if (write(latency->fd, line.ptr, line.len + 1) != (ssize_t)line.len + 1)
		fatal("cannot append to the log: %s", strerror(errno));
	if (i % latency->every == 0) {
		latency->samples[latency->sampled] = (struct sample){line, now_s};
		latency->sampled++;
	}
}

static void *
write_lines(void *pointer)
{
	struct latency *latency = pointer;
	double begin_s = bench_now_s();

	for (size_t i = 0; i < latency->line_count;) {
		size_t due = 1 + (size_t)((bench_now_s() - begin_s) * latency->rate);

		for (; i < MIN(due, latency->line_count); i++)
			write_line(latency, i);
		pause_us(TICK_US);
	}
	latency->seconds = bench_now_s() - begin_s;
	return NULL;
}

/* --- asking --- */

static void
note_count(void *context, const char *const *values, unsigned count UNUSED)
{
	*(int *)context = atoi(values[0]);
}

static bool
is_visible(struct db *db, const char *question)
{
	struct failure failure = {0};
	int found = 0;

	bench_need(db_query(db, question, note_count, &found, &failure), &failure);
	db_rollback(db); /* the next look shall see what is new */
	return found == 2;
}

static char *
question_for(struct span line, struct md5 *md5)
{
	struct message message = MESSAGE_INIT;
	struct line_context context = {.line = line, .valid_utf8 = true, .message = &message};
	char detail[REJECT_DETAIL_MAX];
	struct raw_row row = {0};

	md5_hex(md5, line, context.id);
	raw_row_fill(NULL, &context, &row, detail);
	return xasprintf(
		"SELECT (SELECT COUNT(*) FROM raw_log WHERE timestamp_utc = %" PRId64
		" AND id = '%.32s') + (SELECT COUNT(*) FROM clean_log WHERE timestamp = %" PRId64
		" AND id = '%.32s')",
		row.timestamp_utc, row.id, row.timestamp_utc, row.id);
}

static double
wait_visible(struct db *db, struct md5 *md5, const struct sample *sample)
{
	char *question = question_for(sample->line, md5);

	while (!is_visible(db, question)) {
		if (bench_now_s() - sample->written_s > PATIENCE_S)
			fatal_exit(EX_SOFTWARE, "a line is not in both tables after %d s: %.*s",
				   PATIENCE_S, (int)sample->line.len, sample->line.ptr);
		pause_us(ASK_US);
	}
	free(question);
	return (bench_now_s() - sample->written_s) * 1000;
}

/* --- all --- */

static int
compare_doubles(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

static void
measure(struct latency *latency, struct db *db)
{
	size_t wanted = (latency->line_count - 1) / latency->every + 1;
	double *ms = xcalloc(wanted, sizeof(*ms));
	struct md5 *md5 = md5_new();
	pthread_t writer;

	if (pthread_create(&writer, NULL, write_lines, latency) != 0)
		fatal("cannot start a thread");
	for (size_t i = 0; i < wanted; i++) {
		while (latency->sampled <= i)
			pause_us(ASK_US);
		ms[i] = wait_visible(db, md5, &latency->samples[i]);
	}
	pthread_join(writer, NULL);
	qsort(ms, wanted, sizeof(*ms), compare_doubles);
	printf("{\"samples\": %zu, \"p50_ms\": %.2f, \"p99_ms\": %.2f, \"max_ms\": %.2f, "
	       "\"lines_per_s\": %.0f}\n",
	       wanted, ms[wanted / 2], ms[wanted * 99 / 100], ms[wanted - 1],
	       (double)latency->line_count / latency->seconds);
	md5_free(&md5);
	free(ms);
}

int
main(int argc, char **argv)
{
	struct latency latency = {.every = 1};
	struct settings *settings;
	struct failure failure = {0};
	struct db *db;
	size_t available;

	log_set_program("bench_latency");
	if (argc != 6)
		fatal_exit(EX_USAGE, "usage: bench_latency CONF FROM TO LINES_PER_S SECONDS");
	if (settings_load(argv[1], &settings) != 0)
		return EX_CONFIG;
	latency.lines = bench_split_lines(bench_read_file(argv[2]), &available);
	latency.rate = (double)bench_number(argv[4], "LINES_PER_S");
	latency.line_count = (size_t)latency.rate * bench_number(argv[5], "SECONDS");
	if (latency.line_count > available)
		fatal_exit(EX_DATAERR, "%s has %zu lines, %zu are needed", argv[2], available,
			   latency.line_count);
	latency.every = MAX(1, (size_t)latency.rate / SAMPLES_PER_S);
	latency.samples = xcalloc(latency.line_count / latency.every + 1, sizeof(*latency.samples));
	latency.fd = open(argv[3], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (latency.fd < 0)
		fatal_exit(EX_CANTCREAT, "%s: %s", argv[3], strerror(errno));
	bench_need(db_open(&db, &settings->database, 60, &failure), &failure);
	measure(&latency, db);
	db_close(&db);
	settings_free(&settings);
	return EX_OK;
}
