/* SPDX-License-Identifier: MIT */
/*
 * audit_lookup.c - one SELECT per batch, (time, id[, origin]) IN (...).
 */
#include "supervisor/audit/audit_lookup.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_TEXT_MAX = 96 }; /* "('2024-01-01 00:00:00','<32>',18446744073709551615)," */

static int
audit_lookup_compare_rows(const void *a, const void *b)
{
	return memcmp(((const struct audit_row *)a)->id, ((const struct audit_row *)b)->id,
		      ROW_ID_LEN);
}

/* A row of the answer: id and origin. Equal lines in the batch all have it. */
static void
take_row(void *context, const char *const *values, unsigned count)
{
	struct audit_lookup *lookup = context;
	struct audit_row wanted = {0}, *row, *end = lookup->rows + lookup->count;
	uint64_t origin;

	if (count != 2 || values[0] == NULL || values[1] == NULL || strlen(values[0]) != ROW_ID_LEN)
		return;
	memcpy(wanted.id, values[0], ROW_ID_LEN);
	origin = strtoull(values[1], NULL, 10);
	row = bsearch(&wanted, lookup->rows, lookup->count, sizeof(*row),
		      audit_lookup_compare_rows);
	if (row == NULL)
		return;
	while (row > lookup->rows && audit_lookup_compare_rows(row - 1, &wanted) == 0)
		row--;
	for (; row < end && audit_lookup_compare_rows(row, &wanted) == 0; row++)
		if (!lookup->by_origin || row->origin == origin)
			*row->found = true;
}

static size_t
append_key(char *out, size_t room, const struct audit_lookup *lookup, const struct audit_row *row)
{
	int64_t t = row->timestamp;
	char origin[32] = "";
	int len;

	if (lookup->by_origin)
		snprintf(origin, sizeof(origin), ",%" PRIu64, row->origin);
	len = snprintf(out, room, "('%04d-%02d-%02d %02d:%02d:%02d','%.*s'%s)",
		       (int)(t / 10000000000), (int)(t / 100000000 % 100), (int)(t / 1000000 % 100),
		       (int)(t / 10000 % 100), (int)(t / 100 % 100), (int)(t % 100), ROW_ID_LEN,
		       row->id, origin);
	return (size_t)len;
}

enum outcome
audit_lookup_run(struct audit_lookup *lookup, struct db *db, struct failure *failure)
{
	char sql[256 + (AUDIT_LOOKUP_MAX + AUDIT_KEYS_PER_LINE) * KEY_TEXT_MAX];
	enum outcome outcome;
	size_t len;

	if (lookup->count == 0)
		return OUTCOME_DONE;
	qsort(lookup->rows, lookup->count, sizeof(lookup->rows[0]), audit_lookup_compare_rows);
	len = (size_t)snprintf(
		sql, sizeof(sql), "SELECT `id`, `origin` FROM `%s` WHERE (`%s`, `id`%s) IN (",
		lookup->table, lookup->time_column, lookup->by_origin ? ", `origin`" : "");
	for (size_t i = 0; i < lookup->count; i++) {
		if (i > 0)
			sql[len++] = ',';
		len += append_key(sql + len, sizeof(sql) - len, lookup, &lookup->rows[i]);
	}
	memcpy(sql + len, ")", 2);
	outcome = db_query(db, sql, take_row, lookup, failure);
	lookup->count = 0;
	return outcome;
}
