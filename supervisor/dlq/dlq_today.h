/* SPDX-License-Identifier: MIT */
/*
 * dlq_today.h - what today's parser and settings make of a dead letter: for check, and for retries.
 */
#ifndef SUPERVISOR_DLQ_DLQ_TODAY_H
#define SUPERVISOR_DLQ_DLQ_TODAY_H

#include "common/settings/settings.h"
#include "supervisor/dlq/dlq_letter.h"

/*
 * The format of the input that a file belongs to today, by its path or, rotated, by the path it had
 * ("access.log.1", "access.log-20261123"); NULL when it is nobody's.
 */
const char *dlq_input_format(const struct settings *settings, struct span source);

struct dlq_today;

/* format: for all letters; NULL = the one of dlq_input_format(), else the letter's own. */
struct dlq_today *dlq_today_new(const struct settings *settings, enum dlq_queue queue,
				const char *format, bool keep_format);
void dlq_today_free(struct dlq_today **today); /* NULL is fine */

/*
 * Run a letter (taken over, set to NULL) through the same code as the worker. Returns how many of
 * its lines fail; detail and reason (at least DLQ_PATTERN_SIZE bytes) get those of the first.
 */
size_t dlq_today_check(struct dlq_today *today, struct delivery **delivery, const char **reason,
		       char *detail);

/* The format to send a letter with; NULL = as it is. */
const char *dlq_today_format(const struct settings *settings, const char *format, bool keep_format,
			     const struct message *message);

#endif
