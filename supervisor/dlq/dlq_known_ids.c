/* SPDX-License-Identifier: MIT */
/*
 * dlq_known_ids.c - a sorted list of ids, each to be used once.
 */
#include "supervisor/dlq/dlq_known_ids.h"
#include "common/base/xalloc.h"

#include <stdlib.h>

struct dlq_known_ids {
	struct list {
		uint64_t *ids;
		bool *used; /* parallel to ids, NULL until they are sorted */
		size_t count, size;
	} lists[STAGE_COUNT];
};

struct dlq_known_ids *
dlq_known_ids_new(void)
{
	return xcalloc(1, sizeof(struct dlq_known_ids));
}

void
dlq_known_ids_free(struct dlq_known_ids **known)
{
	if (*known == NULL)
		return;
	for (size_t i = 0; i < STAGE_COUNT; i++) {
		free((*known)->lists[i].ids);
		free((*known)->lists[i].used);
	}
	free(*known);
	*known = NULL;
}

void
dlq_known_ids_add(struct dlq_known_ids *known, enum stage_id queue, uint64_t id)
{
	struct list *list = &known->lists[queue];

	if (list->count == list->size) {
		list->size = MAX((size_t)1024, list->size + list->size / 2);
		list->ids = xreallocarray(list->ids, list->size, sizeof(*list->ids));
	}
	list->ids[list->count++] = id;
}

static int
dlq_known_ids_compare_ids(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

bool
dlq_known_ids_remove(struct dlq_known_ids *known, enum stage_id queue, uint64_t id)
{
	struct list *list = &known->lists[queue];
	size_t low = 0, high = list->count;

	if (list->count == 0)
		return false;
	if (list->used == NULL) {
		list->used = xcalloc(list->count, sizeof(*list->used));
		qsort(list->ids, list->count, sizeof(*list->ids), dlq_known_ids_compare_ids);
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
