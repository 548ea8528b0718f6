/* SPDX-License-Identifier: MIT */
/*
 * audit_lookup.c - one SELECT over a span of time, or some of (time, id[, origin]) IN (...).
 */
#include "supervisor/audit/audit_lookup.h"
#include "common/base/defs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	KEY_TEXT_MAX = 96, /* "('2024-01-01 00:00:00','<32>',18446744073709551615)," */
	KEYS_MAX = 400,	   /* the server compares each row with all keys: more is slower */
	/* A row that is read costs a tenth or less of a key that is asked for. */
	ROWS_PER_LINE = 8,
	OUTLIERS = 64, /* of so many lines one may be far away from the others */
	SKIP_MAX = 64,
};

static int
compare_times(const void *a, const void *b)
{
	int64_t left = ((const struct audit_row *)a)->timestamp;
	int64_t right = ((const struct audit_row *)b)->timestamp;

	return left < right ? -1 : left > right;
}

static int
compare_ids(const void *a, const void *b)
{
	return memcmp((*(struct audit_row *const *)a)->id, (*(struct audit_row *const *)b)->id,
		      ROW_ID_LEN);
}

/* A row of the answer: id and origin. Equal lines in the batch all have it. */
static void
on_row(void *context, const char *const *values, unsigned count)
{
	struct audit_lookup *lookup = context;
	struct audit_row wanted = {0}, *key = &wanted, **row, **end = lookup->by_id + lookup->count;
	uint64_t origin;

	lookup->answered++;
	if (count != 2 || values[0] == NULL || values[1] == NULL || strlen(values[0]) != ROW_ID_LEN)
		return;
	memcpy(wanted.id, values[0], ROW_ID_LEN);
	origin = strtoull(values[1], NULL, 10);
	row = bsearch(&key, lookup->by_id, lookup->count, sizeof(struct audit_row *), compare_ids);
	if (row == NULL)
		return;
	while (row > lookup->by_id && compare_ids(row - 1, &key) == 0)
		row--;
	for (; row < end && compare_ids(row, &key) == 0; row++)
		if (!lookup->by_origin || (*row)->origin == origin)
			*(*row)->found = true;
}

static const char *
time_text(int64_t t, char out[64])
{
	snprintf(out, 64, "%04d-%02d-%02d %02d:%02d:%02d", (int)(t / 10000000000),
		 (int)(t / 100000000 % 100), (int)(t / 1000000 % 100), (int)(t / 10000 % 100),
		 (int)(t / 100 % 100), (int)(t % 100));
	return out;
}

/* --- all rows of a span of time --- */

/*
 * Leaves first and last empty when it was not worth it. The rows are sorted by time; a few of them
 * with times of their own must not make the span as long as the table.
 */
static enum outcome
read_span(struct audit_lookup *lookup, struct db *db, struct failure *failure)
{
	size_t outside = lookup->count / OUTLIERS;
	size_t limit = ROWS_PER_LINE * lookup->count + 1;
	char sql[512], first[64], last[64];

	lookup->first = 1;
	lookup->last = 0;
	if (lookup->skip > 0) {
		lookup->skip--;
		return OUTCOME_DONE;
	}
	lookup->answered = 0;
	snprintf(sql, sizeof(sql),
		 "SELECT `id`, `origin` FROM `%s` WHERE `%s` BETWEEN '%s' AND '%s' LIMIT %zu",
		 lookup->table, lookup->time_column,
		 time_text(lookup->rows[outside].timestamp, first),
		 time_text(lookup->rows[lookup->count - 1 - outside].timestamp, last), limit);
	if (db_query(db, sql, on_row, lookup, failure) != OUTCOME_DONE)
		return failure->outcome;
	if (lookup->answered < limit) {
		lookup->first = lookup->rows[outside].timestamp;
		lookup->last = lookup->rows[lookup->count - 1 - outside].timestamp;
		lookup->skip_next = 0;
	} else {
		lookup->skip_next = MIN(2 * lookup->skip_next + 1, (unsigned)SKIP_MAX);
		lookup->skip = lookup->skip_next;
	}
	return OUTCOME_DONE;
}

/* --- key by key --- */

static size_t
append_key(char *out, size_t room, const struct audit_lookup *lookup, const struct audit_row *row)
{
	char origin[32] = "", when[64];
	int len;

	if (lookup->by_origin)
		snprintf(origin, sizeof(origin), ",%" PRIu64, row->origin);
	len = snprintf(out, room, "('%s','%.*s'%s)", time_text(row->timestamp, when), ROW_ID_LEN,
		       row->id, origin);
	return (size_t)len;
}

/* Ask for the next ones, from *next on, that are not yet answered; none left is DONE, too. */
static enum outcome
ask_for_keys(struct audit_lookup *lookup, size_t *next, struct db *db, struct failure *failure)
{
	char sql[256 + KEYS_MAX * KEY_TEXT_MAX];
	unsigned keys = 0;
	size_t len;

	len = (size_t)snprintf(
		sql, sizeof(sql), "SELECT `id`, `origin` FROM `%s` WHERE (`%s`, `id`%s) IN (",
		lookup->table, lookup->time_column, lookup->by_origin ? ", `origin`" : "");
	for (; *next < lookup->count && keys < KEYS_MAX; ++*next) {
		const struct audit_row *row = &lookup->rows[*next];

		if (*row->found ||
		    (row->timestamp >= lookup->first && row->timestamp <= lookup->last))
			continue;
		if (keys++ > 0)
			sql[len++] = ',';
		len += append_key(sql + len, sizeof(sql) - len, lookup, row);
	}
	memcpy(sql + len, ")", 2);
	return keys > 0 ? db_query(db, sql, on_row, lookup, failure) : OUTCOME_DONE;
}

enum outcome
audit_lookup_run(struct audit_lookup *lookup, struct db *db, struct failure *failure)
{
	enum outcome outcome = OUTCOME_DONE;

	if (lookup->count == 0)
		return OUTCOME_DONE;
	qsort(lookup->rows, lookup->count, sizeof(lookup->rows[0]), compare_times);
	for (size_t i = 0; i < lookup->count; i++)
		lookup->by_id[i] = &lookup->rows[i];
	qsort(lookup->by_id, lookup->count, sizeof(struct audit_row *), compare_ids);
	outcome = read_span(lookup, db, failure);
	for (size_t next = 0; next < lookup->count && outcome == OUTCOME_DONE;)
		outcome = ask_for_keys(lookup, &next, db, failure);
	lookup->count = 0;
	return outcome;
}
