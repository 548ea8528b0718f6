/* SPDX-License-Identifier: MIT */
/*
 * dlq_queue.c - their names.
 */
#include "supervisor/dlq/dlq_queue.h"
#include "common/broker/topology.h"

#include <stddef.h>
#include <string.h>

const struct dlq_queue_names dlq_queues[DLQ_QUEUES] = {
	[DLQ_LAKE] = {.name = "lake",
		      .origin = TOPOLOGY_LAKE_QUEUE,
		      .dead = TOPOLOGY_LAKE_QUEUE ".dead",
		      .table = "raw_log",
		      .time = "timestamp_utc"},
	[DLQ_CLEAN] = {.name = "clean",
		       .origin = TOPOLOGY_CLEAN_QUEUE,
		       .dead = TOPOLOGY_CLEAN_QUEUE ".dead",
		       .table = "clean_log",
		       .time = "timestamp"},
};

int
dlq_queue_find(const char *text, enum dlq_queue *queue)
{
	for (size_t i = 0; i < DLQ_QUEUES; i++) {
		if (strcmp(text, dlq_queues[i].name) != 0 &&
		    strcmp(text, dlq_queues[i].origin) != 0 &&
		    strcmp(text, dlq_queues[i].dead) != 0)
			continue;
		*queue = (enum dlq_queue)i;
		return 0;
	}
	return -1;
}
