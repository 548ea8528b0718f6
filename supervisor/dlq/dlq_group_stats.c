/* SPDX-License-Identifier: MIT */
/*
 * dlq_group_stats.c - a hash table of groups with open addressing over an array of rows.
 */
#include "supervisor/dlq/dlq_group_stats.h"
#include "common/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>

enum { SLOTS = 32768 }; /* more than three per group, a power of two */

struct dlq_group_stats {
	struct dlq_group_row *rows;
	size_t count, size;
	uint16_t slots[SLOTS]; /* number of the row + 1; 0 = free */
};
_Static_assert(DLQ_GROUPS_MAX + STAGE_COUNT < 65535, "a slot holds the number of a row");

struct dlq_group_stats *
dlq_group_stats_new(void)
{
	return xcalloc(1, sizeof(struct dlq_group_stats));
}

void
dlq_group_stats_free(struct dlq_group_stats **table)
{
	if (*table == NULL)
		return;
	free((*table)->rows);
	free(*table);
	*table = NULL;
}

/* The row of a group; or NULL, and where in slots its number belongs. */
static struct dlq_group_row *
find_group_row(const struct dlq_group_stats *table, enum stage_id queue, uint32_t group,
	       size_t *slot)
{
	for (*slot = group % SLOTS; table->slots[*slot] != 0; *slot = (*slot + 1) % SLOTS) {
		struct dlq_group_row *row = &table->rows[table->slots[*slot] - 1];

		if (row->group == group && row->queue == queue)
			return row;
	}
	return NULL;
}

static struct dlq_group_row *
new_row(struct dlq_group_stats *table, const struct dlq_letter *letter, uint32_t group,
	struct span reason, const char *pattern)
{
	struct dlq_group_row *row;

	if (table->count == table->size) {
		table->size = MAX((size_t)32, table->size * 2);
		table->rows = xreallocarray(table->rows, table->size, sizeof(*table->rows));
	}
	row = &table->rows[table->count++];
	*row = (struct dlq_group_row){
		.queue = letter->queue, .group = group, .example = letter->id};
	snprintf(row->reason, sizeof(row->reason), "%.*s", (int)MIN(reason.len, (size_t)63),
		 reason.ptr);
	snprintf(row->pattern, sizeof(row->pattern), "%s", pattern);
	/* what is in one row without being of one kind has no detail in common */
	row->detail_len = pattern[0] != '\0' ? MIN(letter->detail.len, sizeof(row->detail)) : 0;
	memcpy(row->detail, letter->detail.ptr, row->detail_len);
	row->line_len = MIN(letter->line.len, sizeof(row->line));
	memcpy(row->line, letter->line.ptr, row->line_len);
	return row;
}

static bool
has_detail(const struct dlq_group_row *row, struct span detail)
{
	return span_equals((struct span){row->detail, row->detail_len},
			   (struct span){detail.ptr, MIN(detail.len, sizeof(row->detail))});
}

struct dlq_group_row *
dlq_group_stats_add(struct dlq_group_stats *table, const struct dlq_letter *letter)
{
	char pattern[DLQ_PATTERN_SIZE];
	struct span reason = letter->reason;
	struct dlq_group_row *row;
	uint32_t group;
	size_t slot;

	dlq_group_pattern(letter->detail, pattern);
	group = dlq_group_number(letter->queue, reason, pattern);
	row = find_group_row(table, letter->queue, group, &slot);
	if (row == NULL && table->count >= DLQ_GROUPS_MAX) {
		reason = SPAN_LITERAL("(other groups)");
		pattern[0] = '\0';
		group = dlq_group_number(letter->queue, reason, pattern);
		row = find_group_row(table, letter->queue, group, &slot);
	}
	if (row == NULL) {
		table->slots[slot] = (uint16_t)(table->count + 1);
		row = new_row(table, letter, group, reason, pattern);
	}
	row->letters++;
	row->differs = row->differs || !has_detail(row, letter->detail);
	row->lines += letter->lines;
	row->held += letter->held;
	if (letter->when_s != 0) {
		row->oldest_s =
			row->oldest_s == 0 ? letter->when_s : MIN(row->oldest_s, letter->when_s);
		row->newest_s = MAX(row->newest_s, letter->when_s);
	}
	return row;
}

static int
compare_rows(const void *a, const void *b)
{
	const struct dlq_group_row *left = a, *right = b;

	if (left->queue != right->queue)
		return left->queue < right->queue ? -1 : 1;
	if (left->letters != right->letters)
		return left->letters > right->letters ? -1 : 1;
	return left->group < right->group ? -1 : left->group > right->group;
}

struct dlq_group_row *
dlq_group_stats_rows(struct dlq_group_stats *table, size_t *count)
{
	*count = table->count;
	if (table->count > 0)
		qsort(table->rows, table->count, sizeof(*table->rows), compare_rows);
	memset(table->slots, 0, sizeof(table->slots)); /* rows have moved: no more adding */
	return table->rows;
}
