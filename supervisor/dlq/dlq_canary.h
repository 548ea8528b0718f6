/* SPDX-License-Identifier: MIT */
/*
 * dlq_canary.h - did the first letters of a retry arrive, or did they come back?
 *
 * A line has arrived when its row is in the table, by the MD5 of the line; it is back when a letter
 * with its id and a higher number of retries is among the dead letters again.
 */
#ifndef SUPERVISOR_DLQ_DLQ_CANARY_H
#define SUPERVISOR_DLQ_DLQ_CANARY_H

#include "supervisor/dlq/dlq_move.h"

struct dlq_canary;

struct dlq_canary *dlq_canary_new(void);
void dlq_canary_free(struct dlq_canary **canary); /* NULL is fine */

/* Each line of a letter that was sent again. */
void dlq_canary_add(struct dlq_canary *canary, struct md5 *md5, const struct dlq_letter *letter);

/*
 * Wait until each is stored or back, run->canary_ms at most, reading on in the dead letters of the
 * job's queue (letters come back at its end). DONE when all are stored; REJECT when some are back,
 * RETRY when the time was up or it was interrupted, with a failure that says how many.
 */
enum outcome dlq_canary_wait(struct dlq_canary *canary, struct dlq_move_job *job,
			     struct failure *failure) MUST_CHECK;

#endif
