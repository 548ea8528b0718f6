/* SPDX-License-Identifier: MIT */
/*
 * dlq_known_ids.h - which letters are in the dead-letter queues already: ids, as often as they are
 * there.
 *
 * 9 bytes per letter. An import that was interrupted can be run again: of an id that is in the
 * queue n times, the first n in the file are taken as done.
 */
#ifndef SUPERVISOR_DLQ_DLQ_KNOWN_IDS_H
#define SUPERVISOR_DLQ_DLQ_KNOWN_IDS_H

#include "supervisor/dlq/dlq_letter.h"

struct dlq_known_ids;

struct dlq_known_ids *dlq_known_ids_new(void);
void dlq_known_ids_free(struct dlq_known_ids **known); /* NULL is fine */

/* All adds come before the first removal. */
void dlq_known_ids_add(struct dlq_known_ids *known, enum stage_id queue, uint64_t id);

/* Take one of this id off; false when there is none (any more). */
bool dlq_known_ids_remove(struct dlq_known_ids *known, enum stage_id queue, uint64_t id);

#endif
