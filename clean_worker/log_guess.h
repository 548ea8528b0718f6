/* SPDX-License-Identifier: MIT */
/*
 * log_guess.h - of a line that does not have the form of its format: what else it looks like, for
 * the detail of its dead letter. A guess for people; nothing is stored by it.
 */
#ifndef CLEAN_WORKER_LOG_GUESS_H
#define CLEAN_WORKER_LOG_GUESS_H

#include <stddef.h>

#include "clean_worker/log_format.h"
#include "clean_worker/log_parse.h"

enum { LOG_GUESS_SIZE = 160 };

/*
 * error is what log_parse() said of the line and the format. Writes a text such as "the line has the
 * form of combined behind its first 28 bytes (a virtual host, or the prefix of syslog or a
 * container)", or "" when it looks like nothing known; returns out. Bounded work, whatever the line.
 */
const char *log_guess(const struct log_format *format, struct span line,
		      const struct parse_error *error, char out[LOG_GUESS_SIZE]);

#endif
