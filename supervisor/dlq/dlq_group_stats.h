/* SPDX-License-Identifier: MIT */
/*
 * dlq_group_stats.h - groups of dead letters being counted, in bounded memory whatever the letters
 * say.
 */
#ifndef SUPERVISOR_DLQ_DLQ_GROUP_STATS_H
#define SUPERVISOR_DLQ_DLQ_GROUP_STATS_H

#include "supervisor/dlq/dlq_group.h"

enum { DLQ_GROUPS_MAX = 10000, DLQ_EXAMPLE_BYTES = 200 };

struct dlq_group_row {
	enum stage_id queue;
	uint32_t group;
	uint64_t letters, lines, held;
	uint64_t would_pass; /* for check: letters all of whose lines pass */
	int64_t oldest_s, newest_s;
	char reason[64], pattern[DLQ_PATTERN_SIZE];
	char still[DLQ_DETAIL_SIZE]; /* for check: why the first one still fails */
	uint64_t example;	     /* id */
	size_t detail_len;
	char detail[DLQ_DETAIL_SIZE]; /* the start of its detail */
	bool differs;		      /* others of the group have other details */
	size_t line_len;
	char line[DLQ_EXAMPLE_BYTES]; /* the start of its line */
};

struct dlq_group_stats;

struct dlq_group_stats *dlq_group_stats_new(void);
void dlq_group_stats_free(struct dlq_group_stats **table);

/*
 * Count a letter; its row, valid until the next call. Groups beyond DLQ_GROUPS_MAX are counted in
 * one row per queue, "(other groups)".
 */
struct dlq_group_row *dlq_group_stats_add(struct dlq_group_stats *table,
					  const struct dlq_letter *letter);

/* The rows, the largest group of a queue first. Valid until the next add. */
struct dlq_group_row *dlq_group_stats_rows(struct dlq_group_stats *table, size_t *count);

#endif
