/* SPDX-License-Identifier: MIT */
/*
 * log.c - one event per line on standard error.
 *
 * An event is formatted into a fixed buffer, escaped into a second one and written with one
 * write() of at most PIPE_BUF bytes, so that events of several processes that share one standard
 * error do not mix. An event longer than the buffer is cut, never split over two lines.
 */
#include "common/base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log_writer.h"
#include "common/base/utf8.h"

enum { MESSAGE_MAX = 2048, PLAIN_MAX = 4 * MESSAGE_MAX + 512 };

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

static const char *program_name = "sluice";
static char role_name[64]; /* "" until log_open(): plain messages */
static enum log_level level_limit = LOG_LEVEL_INFO;
static enum log_style style_now = LOG_STYLE_LOGFMT;
static bool to_journal;

/* As syslog(3) numbers them. */
static const int priorities[] = {
	[LOG_LEVEL_ERROR] = 3,
	[LOG_LEVEL_WARNING] = 4,
	[LOG_LEVEL_INFO] = 6,
	[LOG_LEVEL_DEBUG] = 7,
};

/* Is standard error the journal's own stream, as JOURNAL_STREAM ("device:inode") says? */
static bool
is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat found;

	return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &found) == 0 && found.st_dev == device && found.st_ino == inode;
}

void
log_open(const char *role, enum log_level level, enum log_style style)
{
	to_journal = is_journal();
	log_writer_open(STDERR_FILENO);
	snprintf(role_name, sizeof(role_name), "%s", role);
	log_configure(level, style);
}

void
log_configure(enum log_level level, enum log_style style)
{
	level_limit = level;
	style_now = style;
}

static char *capture_out;
static size_t capture_left;

void
log_capture(char *out, size_t out_size)
{
	capture_out = out;
	capture_left = out_size;
	if (out != NULL)
		out[0] = '\0';
}

static void
capture(const char *message)
{
	int written;

	if (capture_out == NULL || capture_left <= 1)
		return;
	written = snprintf(capture_out, capture_left, "%s\n", message);
	written = MIN(written, (int)capture_left - 1);
	capture_out += written;
	capture_left -= (size_t)written;
}

void
log_set_program(const char *name)
{
	program_name = name;
}

/*
 * Append the text as the inside of a quoted value. Both logfmt and JSON readers understand \" \\
 * and \uXXXX (above U+FFFF two of them); a byte that is not UTF-8 becomes \\xHH.
 */
static size_t
append_quoted(char *out, size_t used, size_t size, struct span text)
{
	for (size_t i = 0, len; i < text.len && used + 13 <= size; i += len) {
		const char *p = text.ptr + i;
		uint32_t c;

		len = utf8_decode((struct span){p, text.len - i}, &c);
		if (len == 0) {
			len = 1;
			used += (size_t)snprintf(out + used, size - used, "\\\\x%02X",
						 (unsigned char)*p);
		} else if (c == '"' || c == '\\') {
			out[used++] = '\\';
			out[used++] = (char)c;
		} else if (utf8_is_visible(c)) {
			memcpy(out + used, p, len);
			used += len;
		} else if (c <= 0xffff) {
			used += (size_t)snprintf(out + used, size - used, "\\u%04x", c);
		} else {
			used += (size_t)snprintf(out + used, size - used, "\\u%04x\\u%04x",
						 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
		}
	}
	return used;
}

/* Append the text for a terminal, as visible_text.h does; its line ends stay. */
static size_t
append_visible(char *out, size_t used, size_t size, struct span text)
{
	for (size_t i = 0, len; i < text.len && used + UTF8_SHOWN_MAX <= size; i += len) {
		char shown[UTF8_SHOWN_MAX];
		size_t shown_len;

		len = utf8_show((struct span){text.ptr + i, text.len - i}, shown, &shown_len);
		if (text.ptr[i] == '\n') {
			out[used++] = '\n';
			continue;
		}
		memcpy(out + used, shown, shown_len);
		used += shown_len;
	}
	return used;
}

static size_t
append_prefix(char *out, size_t size, enum log_level level)
{
	struct timespec now;
	struct tm utc;
	char stamp[32];
	size_t used = 0;
	int written;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
	if (to_journal)
		used = (size_t)snprintf(out, size, "<%d>", priorities[level]);
	written = snprintf(
		out + used, size - used,
		style_now == LOG_STYLE_JSON ? "{\"ts\":\"%s.%03ldZ\",\"level\":\"%s\",\"role\":\"%"
					      "s\",\"pid\":%ld,\"msg\":\""
					    : "ts=%s.%03ldZ level=%s role=%s pid=%ld msg=\"",
		stamp, now.tv_nsec / 1000000, level_names[level], role_name, (long)getpid());
	return used + (size_t)written;
}

/* For the terminal of a command line tool, which may take its time. */
static void
write_plain(const char *message)
{
	char line[PLAIN_MAX];
	size_t used = (size_t)snprintf(line, sizeof(line), "%s: ", program_name);
	ssize_t written;

	used = append_visible(line, used, sizeof(line) - 1, span_of(message));
	line[used++] = '\n';
	written = write(STDERR_FILENO, line, used);
	(void)written; /* there is nobody to tell */
}

static bool
write_line(enum log_level level, const char *message)
{
	char line[LOG_WRITER_LINE_MAX];
	size_t used = append_prefix(line, sizeof(line), level);

	used = append_quoted(line, used, sizeof(line) - 4, span_of(message));
	used += (size_t)snprintf(line + used, sizeof(line) - used,
				 style_now == LOG_STYLE_JSON ? "\"}\n" : "\"\n");
	return log_writer_put(line, used);
}

/* --- what nobody reads --- */

static uint64_t dropped_total, dropped_unsaid;
static int64_t dropping_since_ms;

/* False as long as there is no room for it. */
static bool
say_dropped(void)
{
	char text[128];

	if (dropped_unsaid == 0)
		return true;
	snprintf(text, sizeof(text),
		 "%" PRIu64 " log lines were dropped: for %.1f s nobody read standard error",
		 dropped_unsaid, (double)(clock_mono_ms() - dropping_since_ms) / 1000);
	if (!write_line(LOG_LEVEL_WARNING, text))
		return false;
	dropped_unsaid = 0;
	return true;
}

uint64_t
log_dropped(void)
{
	return dropped_total;
}

static void
write_event(enum log_level level, const char *message)
{
	if (role_name[0] == '\0') {
		write_plain(message);
		return;
	}
	if (say_dropped() && write_line(level, message))
		return;
	if (dropped_unsaid == 0)
		dropping_since_ms = clock_mono_ms();
	dropped_total++;
	dropped_unsaid++;
}

/* --- repeats --- */

enum { REPEATS_WRITTEN = 5, REPEAT_WINDOW_MS = 60000, REPEATS_KEPT = 16 };

/* Messages of the last minute, told apart by a hash: a wrong match only hides one of two texts. */
static struct repeat {
	uint64_t hash;
	int64_t since_ms; /* 0 = free */
	unsigned said, hidden;
	enum log_level level;
	char begin[80];
} repeats[REPEATS_KEPT];

static void
end_repeat(struct repeat *repeat)
{
	char text[160];

	if (repeat->hidden > 0) {
		snprintf(text, sizeof(text), "said %u times more within a minute: %s",
			 repeat->hidden, repeat->begin);
		write_event(repeat->level, text);
	}
	repeat->hidden = 0;
	repeat->since_ms = 0;
}

static void
end_old_repeats(int64_t now_ms)
{
	for (size_t i = 0; i < REPEATS_KEPT; i++)
		if (repeats[i].since_ms != 0 && now_ms - repeats[i].since_ms >= REPEAT_WINDOW_MS)
			end_repeat(&repeats[i]);
}

void
log_tick(void)
{
	say_dropped();
	if (role_name[0] != '\0')
		end_old_repeats(clock_mono_ms());
}

static uint64_t
hash_of(const char *message)
{
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */

	for (const unsigned char *p = (const unsigned char *)message; *p != '\0'; p++)
		hash = (hash ^ *p) * 0x100000001b3u;
	return hash;
}

/* The message was written often enough lately: count it. */
static bool
is_repeat(enum log_level level, const char *message)
{
	uint64_t hash = hash_of(message);
	int64_t now_ms = clock_mono_ms();
	struct repeat *oldest = &repeats[0];

	end_old_repeats(now_ms);
	for (size_t i = 0; i < REPEATS_KEPT; i++) {
		struct repeat *repeat = &repeats[i];

		if (repeat->since_ms != 0 && repeat->hash == hash) {
			if (repeat->said++ < REPEATS_WRITTEN)
				return false;
			repeat->hidden++;
			return true;
		}
		if (repeat->since_ms < oldest->since_ms)
			oldest = repeat;
	}
	end_repeat(oldest); /* or a free one */
	*oldest = (struct repeat){.hash = hash, .since_ms = now_ms, .said = 1, .level = level};
	snprintf(oldest->begin, sizeof(oldest->begin), "%.79s", message);
	return false;
}

static char last_error[MESSAGE_MAX];

const char *
log_last_error(void)
{
	return last_error;
}

static void log_event(enum log_level level, const char *format, va_list args) PRINTF_LIKE(2, 0);

static void
log_event(enum log_level level, const char *format, va_list args)
{
	int saved_errno = errno;
	char message[MESSAGE_MAX];

	if (level > level_limit)
		return;
	vsnprintf(message, sizeof(message), format, args);
	if (level <= LOG_LEVEL_WARNING)
		capture(message);
	if (level == LOG_LEVEL_ERROR)
		snprintf(last_error, sizeof(last_error), "%s", message);
	if (role_name[0] == '\0' || !is_repeat(level, message))
		write_event(level, message);
	errno = saved_errno;
}

void
log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_event(LOG_LEVEL_ERROR, format, args);
	va_end(args);
}

void
log_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_event(LOG_LEVEL_WARNING, format, args);
	va_end(args);
}

void
log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_event(LOG_LEVEL_INFO, format, args);
	va_end(args);
}

void
log_debug(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_event(LOG_LEVEL_DEBUG, format, args);
	va_end(args);
}

void
fatal(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_event(LOG_LEVEL_ERROR, format, args);
	va_end(args);
	exit(EX_OSERR);
}

void
fatal_exit(int exit_code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_event(LOG_LEVEL_ERROR, format, args);
	va_end(args);
	exit(exit_code);
}
