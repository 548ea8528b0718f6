/* SPDX-License-Identifier: MIT */
/*
 * audit_scan.c - one SELECT per run of days, a sieve, and a sorter.
 */
#include "supervisor/audit/audit_scan.h"
#include "common/base/defs.h"
#include "common/base/xalloc.h"
#include "supervisor/audit/sorter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	SIEVE_BITS = 1 << 26, /* 8 MiB: of a million wanted ids, 1 of 67 others passes */
	ROWS_MEMORY = 8 << 20,
	DAY_FIRST = -354285, /* 1000-01-01 and ... */
	DAY_LAST = 2932896,  /* ... 9999-12-31: what an SQL DATETIME holds */
	DAYS = DAY_LAST - DAY_FIRST + 1,
};

struct audit_scan {
	bool by_origin, wants;
	unsigned char *sieve; /* SIEVE_BITS */
	unsigned char *days;  /* DAYS bits */
	struct sorter *rows;
	const struct audit_key *next;
};

struct audit_scan *
audit_scan_new(bool by_origin)
{
	struct audit_scan *scan = xcalloc(1, sizeof(*scan));

	scan->by_origin = by_origin;
	scan->sieve = xcalloc(SIEVE_BITS / 8, 1);
	scan->days = xcalloc(DAYS / 8 + 1, 1);
	scan->rows = sorter_new(sizeof(struct audit_key), sizeof(struct audit_key), ROWS_MEMORY);
	return scan;
}

void
audit_scan_free(struct audit_scan **scan)
{
	struct audit_scan *old = *scan;

	if (old == NULL)
		return;
	free(old->sieve);
	free(old->days);
	sorter_free(&old->rows);
	free(old);
	*scan = NULL;
}

static void
set_bit(unsigned char *bits, size_t i)
{
	bits[i / 8] |= (unsigned char)(1u << i % 8);
}

static bool
has_bit(const unsigned char *bits, size_t i)
{
	return (bits[i / 8] >> i % 8 & 1) != 0;
}

static size_t
sieve_position(const struct audit_key *key)
{
	uint32_t bits;

	memcpy(&bits, key->digest, sizeof(bits)); /* an MD5 is as good as any hash of it */
	return bits % SIEVE_BITS;
}

static void
want_day(struct audit_scan *scan, int64_t day)
{
	if (day >= DAY_FIRST && day <= DAY_LAST)
		set_bit(scan->days, (size_t)(day - DAY_FIRST));
}

void
audit_scan_want(struct audit_scan *scan, const struct audit_key *key, int32_t day)
{
	scan->wants = true;
	set_bit(scan->sieve, sieve_position(key));
	for (int64_t around = (int64_t)day - 1; around <= (int64_t)day + 1; around++)
		want_day(scan, around);
	want_day(scan, 0);
}

/* A row of the answer: id and origin. */
static void
scan_take_row(void *context, const char *const *values, unsigned count)
{
	struct audit_scan *scan = context;
	struct audit_key key;

	if (count != 2 || values[0] == NULL || values[1] == NULL || strlen(values[0]) != ROW_ID_LEN)
		return;
	key = audit_key_make(values[0], scan->by_origin ? strtoull(values[1], NULL, 10) : 0);
	if (has_bit(scan->sieve, sieve_position(&key)))
		sorter_add(scan->rows, &key);
}

static const char *
day_text(int64_t day, char out[32])
{
	time_t seconds = (time_t)day * 86400;
	struct tm utc;

	gmtime_r(&seconds, &utc);
	snprintf(out, 32, "%04d-%02d-%02d", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday);
	return out;
}

enum outcome
audit_scan_run(struct audit_scan *scan, struct db *db, const char *table, const char *time_column,
	       struct failure *failure)
{
	if (!scan->wants)
		return OUTCOME_DONE;
	for (size_t i = 0; i < DAYS; i++) {
		char sql[256], first[32], last[32];
		size_t begin = i;

		if (!has_bit(scan->days, i))
			continue;
		while (i + 1 < DAYS && has_bit(scan->days, i + 1))
			i++;
		snprintf(sql, sizeof(sql),
			 "SELECT `id`, `origin` FROM `%s` WHERE `%s` BETWEEN '%s 00:00:00' AND "
			 "'%s 23:59:59'",
			 table, time_column, day_text(DAY_FIRST + (int64_t)begin, first),
			 day_text(DAY_FIRST + (int64_t)i, last));
		if (db_query(db, sql, scan_take_row, scan, failure) != OUTCOME_DONE)
			return failure->outcome;
	}
	scan->next = sorter_next(scan->rows);
	return OUTCOME_DONE;
}

bool
audit_scan_has(struct audit_scan *scan, const struct audit_key *key)
{
	int order = -1;

	while (scan->next != NULL && (order = memcmp(scan->next, key, sizeof(*key))) < 0)
		scan->next = sorter_next(scan->rows);
	return scan->next != NULL && order == 0;
}
