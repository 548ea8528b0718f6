/* SPDX-License-Identifier: MIT */
/*
 * dlq_present.h - which letters are in the dead-letter queues already: ids, as often as they are
 * there.
 *
 * 9 bytes per letter. An import that was interrupted can be run again: of an id that is in the
 * queue n times, the first n in the file are taken as done.
 */
#ifndef SUPERVISOR_DLQ_DLQ_PRESENT_H
#define SUPERVISOR_DLQ_DLQ_PRESENT_H

#include "supervisor/dlq/dlq_letter.h"

struct dlq_present;

struct dlq_present *dlq_present_new(void);
void dlq_present_free(struct dlq_present **present); /* NULL is fine */

/* All adds come before the first take. */
void dlq_present_add(struct dlq_present *present, enum dlq_queue queue, uint64_t id);

/* Is one more of this id there? Takes it off. */
bool dlq_present_take(struct dlq_present *present, enum dlq_queue queue, uint64_t id);

#endif
