/* SPDX-License-Identifier: MIT */
/*
 * test_audit_lookup.c - one SELECT by the primary key for many lines, and whose rows came back.
 */
#include "supervisor/audit/audit_lookup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <cmocka.h>

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define ID_C "cccccccccccccccccccccccccccccccc"
#define ID_D "dddddddddddddddddddddddddddddddd"

/* --- the database: what it is asked, and its answer --- */

static const char *answer[4][2]; /* id, origin */
static size_t answer_count;
static char asked[65536], span[512]; /* key by key; over a span of time */
static unsigned queries, spans;
static size_t others; /* rows of other files in each span */
static bool fails;

enum outcome
db_query(struct db *db, const char *sql, db_row_fn *row, void *context, struct failure *failure)
{
	(void)db;
	if (strstr(sql, "BETWEEN") != NULL) {
		spans++;
		snprintf(span, sizeof(span), "%s", sql);
		for (size_t i = 0; i < others; i++)
			row(context, (const char *[]){ID_D, "0"}, 2);
	} else {
		queries++;
		snprintf(asked, sizeof(asked), "%s", sql);
	}
	if (fails)
		return failure_set(failure, OUTCOME_RETRY, EX_UNAVAILABLE, "gone away");
	for (size_t i = 0; i < answer_count; i++)
		row(context, answer[i], 2);
	return OUTCOME_DONE;
}

static struct audit_lookup lookup;
static struct failure failure;

static int
start(void **state)
{
	(void)state;
	lookup = (struct audit_lookup){.table = "raw_log", .time_column = "timestamp_utc"};
	answer_count = others = 0;
	queries = spans = 0;
	fails = false;
	return 0;
}

static void
add(const char *id, int64_t timestamp, uint64_t origin, bool *found)
{
	struct audit_row *row = &lookup.rows[lookup.count++];

	memcpy(row->id, id, ROW_ID_LEN);
	row->timestamp = timestamp;
	row->origin = origin;
	row->found = found;
	*found = false;
}

static void
give(const char *id, const char *origin)
{
	answer[answer_count][0] = id;
	answer[answer_count++][1] = origin;
}

static void
test_by_line(void **state)
{
	bool found[4];

	(void)state;
	add(ID_B, 20231010115536, 0, &found[0]);
	add(ID_A, 19700101000000, 0, &found[1]);
	add(ID_B, 20231010115536, 0, &found[2]); /* an equal line */
	add(ID_C, 20240229235959, 0, &found[3]);
	give(ID_B, "0");
	give("short", "0");
	give(NULL, "0");
	assert_int_equal(audit_lookup_run(&lookup, NULL, &failure), OUTCOME_DONE);
	assert_true(found[0] && found[2]);
	assert_false(found[1] || found[3]);
	assert_int_equal(lookup.count, 0);
	/* few rows between the times: one look at all of them is enough */
	assert_string_equal(span,
			    "SELECT `id`, `origin` FROM `raw_log` WHERE `timestamp_utc` BETWEEN "
			    "'1970-01-01 00:00:00' AND '2024-02-29 23:59:59' LIMIT 33");
	assert_int_equal(queries, 0);
	/* nothing to ask */
	assert_int_equal(audit_lookup_run(&lookup, NULL, &failure), OUTCOME_DONE);
	assert_int_equal(spans, 1);
}

/* Many rows of others between the times: key by key, and not tried again at once. */
static void
test_key_by_key(void **state)
{
	bool found[4];

	(void)state;
	others = 33;
	for (int run = 0; run < 3; run++) {
		add(ID_B, 20231010115536, 0, &found[0]);
		add(ID_A, 19700101000000, 0, &found[1]);
		add(ID_B, 20231010115536, 0, &found[2]);
		add(ID_C, 20240229235959, 0, &found[3]);
		assert_int_equal(audit_lookup_run(&lookup, NULL, &failure), OUTCOME_DONE);
		assert_string_equal(asked,
				    "SELECT `id`, `origin` FROM `raw_log` WHERE (`timestamp_utc`, "
				    "`id`) IN (('1970-01-01 00:00:00','" ID_A "'),"
				    "('2023-10-10 11:55:36','" ID_B "'),"
				    "('2023-10-10 11:55:36','" ID_B "'),"
				    "('2024-02-29 23:59:59','" ID_C "'))");
	}
	assert_int_equal(queries, 3);
	assert_int_equal(spans, 2); /* the second batch was skipped */
	for (int i = 0; i < 4; i++)
		assert_false(found[i]);
}

/* A few lines far away from the others do not make the span longer; they are asked for by key. */
static void
test_outliers(void **state)
{
	static bool found[200];

	(void)state;
	for (int i = 0; i < 198; i++)
		add(ID_B, 20231010115536 + i % 20, 0, &found[i]);
	add(ID_A, 10000101000000, 0, &found[198]);
	add(ID_C, 99991231235959, 0, &found[199]);
	give(ID_B, "0");
	give(ID_C, "0");
	assert_int_equal(audit_lookup_run(&lookup, NULL, &failure), OUTCOME_DONE);
	assert_non_null(strstr(span, "BETWEEN '2023-10-10 11:55:36' AND '2023-10-10 11:55:55'"));
	assert_int_equal(queries, 1);
	assert_non_null(strstr(asked, "IN (('1000-01-01 00:00:00','" ID_A "'))"));
	assert_true(found[0] && found[199]);
	assert_false(found[198]);
}

static void
test_by_position(void **state)
{
	bool found[3];

	(void)state;
	lookup.by_origin = true;
	add(ID_A, 20231010115536, UINT64_MAX, &found[0]);
	add(ID_A, 20231010115536, 7, &found[1]);
	add(ID_A, 20231010115536, 8, &found[2]);
	give(ID_A, "18446744073709551615");
	give(ID_A, "8");
	others = 100;
	assert_int_equal(audit_lookup_run(&lookup, NULL, &failure), OUTCOME_DONE);
	assert_true(found[0] && found[2]);
	assert_false(found[1]);
	assert_non_null(strstr(asked, "(`timestamp_utc`, `id`, `origin`) IN (("));
	assert_non_null(strstr(asked, "'" ID_A "',7))"));
}

/* The largest batch of the longest keys, more than go into one statement. */
static void
test_full_batch(void **state)
{
	static bool found[AUDIT_LOOKUP_MAX];

	(void)state;
	lookup.by_origin = true;
	lookup.skip = 1;
	for (size_t i = 0; i < AUDIT_LOOKUP_MAX; i++)
		add(ID_A, 20231010115536, UINT64_MAX, &found[i]);
	assert_int_equal(audit_lookup_run(&lookup, NULL, &failure), OUTCOME_DONE);
	assert_string_equal(asked + strlen(asked) - 23, ",18446744073709551615))");
	assert_int_equal(queries, (AUDIT_LOOKUP_MAX + 399) / 400);
}

static void
test_fails(void **state)
{
	bool found;

	(void)state;
	fails = true;
	add(ID_A, 20231010115536, 0, &found);
	assert_int_equal(audit_lookup_run(&lookup, NULL, &failure), OUTCOME_RETRY);
	assert_string_equal(failure.text, "gone away");
	assert_false(found);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_by_line, start),
		cmocka_unit_test_setup(test_key_by_key, start),
		cmocka_unit_test_setup(test_outliers, start),
		cmocka_unit_test_setup(test_by_position, start),
		cmocka_unit_test_setup(test_full_batch, start),
		cmocka_unit_test_setup(test_fails, start),
	};

	return cmocka_run_group_tests_name("audit_lookup", tests, NULL, NULL);
}
