/* SPDX-License-Identifier: MIT */
/*
 * dlq_present.c - a sorted list of ids, each to be used once.
 */
#include "supervisor/dlq/dlq_present.h"
#include "common/base/xalloc.h"

#include <stdlib.h>

struct dlq_present {
	struct list {
		uint64_t *ids;
		bool *used; /* parallel to ids, NULL until they are sorted */
		size_t count, size;
	} lists[DLQ_QUEUES];
};

struct dlq_present *
dlq_present_new(void)
{
	return xcalloc(1, sizeof(struct dlq_present));
}

void
dlq_present_free(struct dlq_present **present)
{
	if (*present == NULL)
		return;
	for (size_t i = 0; i < DLQ_QUEUES; i++) {
		free((*present)->lists[i].ids);
		free((*present)->lists[i].used);
	}
	free(*present);
	*present = NULL;
}

void
dlq_present_add(struct dlq_present *present, enum dlq_queue queue, uint64_t id)
{
	struct list *list = &present->lists[queue];

	if (list->count == list->size) {
		list->size = MAX((size_t)1024, list->size + list->size / 2);
		list->ids = xreallocarray(list->ids, list->size, sizeof(*list->ids));
	}
	list->ids[list->count++] = id;
}

static int
dlq_present_compare_ids(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

bool
dlq_present_take(struct dlq_present *present, enum dlq_queue queue, uint64_t id)
{
	struct list *list = &present->lists[queue];
	size_t low = 0, high = list->count;

	if (list->count == 0)
		return false;
	if (list->used == NULL) {
		list->used = xcalloc(list->count, sizeof(*list->used));
		qsort(list->ids, list->count, sizeof(*list->ids), dlq_present_compare_ids);
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list->ids[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < list->count && list->ids[low] == id; low++) {
		if (list->used[low])
			continue;
		list->used[low] = true;
		return true;
	}
	return false;
}
