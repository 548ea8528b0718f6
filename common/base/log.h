/* SPDX-License-Identifier: MIT */
/*
 * log.h - one event per line on standard error, as logfmt or JSON.
 *
 *   ts=2026-11-23T18:00:00.123Z level=info role=lake/0 pid=4122 msg="ready"
 *
 * Under systemd (JOURNAL_STREAM names standard error) such a line starts with its priority, "<3>"
 * to "<7>", which the journal takes off. A message that comes over and over is written 5 times a
 * minute; then its repeats are only counted, and their number is written with the next event after
 * the minute, or sooner when many other messages come.
 *
 * A log that nobody reads does not stop the work (log_writer.h): lines for which there is no room
 * are dropped and counted, and when there is room again, their number is a line.
 *
 * The message is a sentence for people; quotes, invalid UTF-8 and characters that a terminal would
 * obey or not show (utf8_is_visible()) are escaped in it, so one event is always one line whatever
 * came in from outside. An event that is too long is cut.
 *
 * Before log_open() events are plain, "NAME: message", for the terminal of a command line tool:
 * they are never held back, and a line end in the message stays one. No call changes errno.
 */
#ifndef COMMON_BASE_LOG_H
#define COMMON_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/defs.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_style { LOG_STYLE_LOGFMT, LOG_STYLE_JSON };

/*
 * Who is speaking: "producer", "lake/0", "sluiced". The text is copied. From now on events have the
 * form above.
 */
void log_open(const char *role, enum log_level level, enum log_style style);

/* Change level and format, as a reload does. */
void log_configure(enum log_level level, enum log_style style);

/* The name that plain events start with ("sluicectl"); not copied, so the text must stay. */
void log_set_program(const char *name);

/*
 * From now on put the texts of errors and warnings that are logged, one per line, into out too,
 * until it is full; out NULL ends it. For telling somebody far away what went wrong here.
 */
void log_capture(char *out, size_t out_size);

/*
 * Call about once a second: says how many lines were dropped, when there is room again, and how often
 * a line was repeated, when its minute is over, and no other event comes.
 */
void log_tick(void);

/* The text of the last error that was logged, "" without one: why a program ends, when it does. */
const char *log_last_error(void);

/* Lines that were dropped so far. */
uint64_t log_dropped(void);

void log_error(const char *format, ...) PRINTF_LIKE(1, 2);
void log_warning(const char *format, ...) PRINTF_LIKE(1, 2);
void log_info(const char *format, ...) PRINTF_LIKE(1, 2);
void log_debug(const char *format, ...) PRINTF_LIKE(1, 2);

/* The environment makes going on impossible: log it and exit with EX_OSERR (71). */
NO_RETURN void fatal(const char *format, ...) PRINTF_LIKE(1, 2);

/* The same with an exit code of sysexits.h. */
NO_RETURN void fatal_exit(int exit_code, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
