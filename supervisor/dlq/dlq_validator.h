/* SPDX-License-Identifier: MIT */
/*
 * dlq_validator.h - would a dead letter pass now? By the workers' own code, as this program and
 * these settings have it.
 */
#ifndef SUPERVISOR_DLQ_DLQ_VALIDATOR_H
#define SUPERVISOR_DLQ_DLQ_VALIDATOR_H

#include "common/settings/settings.h"
#include "supervisor/dlq/dlq_letter.h"

struct dlq_validator;

/* format: for all letters; NULL = the one of dlq_format_of_input(), else the letter's own. */
struct dlq_validator *dlq_validator_new(const struct settings *settings, enum stage_id queue,
					const char *format, bool keep_format);
void dlq_validator_free(struct dlq_validator **validator); /* NULL is fine */

/*
 * Run a letter (taken over, set to NULL) through the same code as the worker. Returns how many of
 * its lines fail; detail and reason (at least DLQ_DETAIL_SIZE bytes) get those of the first.
 */
size_t dlq_validator_check(struct dlq_validator *validator, struct delivery **delivery,
			   const char **reason, char *detail);

#endif
