/* SPDX-License-Identifier: MIT */
/*
 * dlq_walk.h - each letter of the queues that a verb is about, none of them changed.
 */
#ifndef SUPERVISOR_DLQ_DLQ_WALK_H
#define SUPERVISOR_DLQ_DLQ_WALK_H

#include "supervisor/dlq/dlq.h"

/* Log the failure; returns its exit code. */
int dlq_walk_log_failure(const struct failure *failure);

/*
 * Call the function for each letter of the queues that are wanted and that the selection takes
 * (unfiltered: for all letters), until it returns false or the limit is reached. It may take the delivery
 * over by setting *delivery to NULL. Returns an exit code, after a message when it is not 0.
 */
typedef bool dlq_walk_fn(void *context, const struct dlq_letter *letter,
			 struct delivery **delivery);
int dlq_walk(struct dlq_run *run, bool unfiltered, dlq_walk_fn *visit, void *context);

/* Say so on standard error when a look found nothing; not with --json and --ids. */
void dlq_walk_report_empty(const struct dlq_run *run, int code);

/* Shortened ids become whole ones; no more work when there are none. Returns an exit code. */
int dlq_walk_resolve(struct dlq_run *run);

#endif
