/* SPDX-License-Identifier: MIT */
/*
 * dlq_queue.h - the dead-letter queues, where their letters come from and go.
 */
#ifndef SUPERVISOR_DLQ_DLQ_QUEUE_H
#define SUPERVISOR_DLQ_DLQ_QUEUE_H

#include "common/base/defs.h"

enum dlq_queue { DLQ_LAKE, DLQ_CLEAN, DLQ_QUEUES };

struct dlq_queue_names {
	const char *name;   /* "clean" */
	const char *origin; /* "queue-data-clean": where a retry goes */
	const char *dead;   /* "queue-data-clean.dead" */
	const char *table;  /* "clean_log" */
	const char *time;   /* the first column of its key */
};
extern const struct dlq_queue_names dlq_queues[DLQ_QUEUES];

/* "clean", "queue-data-clean" or "queue-data-clean.dead". Returns 0 or -1. */
int dlq_queue_find(const char *text, enum dlq_queue *queue) MUST_CHECK;

#endif
