/* SPDX-License-Identifier: MIT */
/*
 * test_audit.c - lines against rows and letters, with a table of rows in place of the database.
 */
#include "common/base/md5.h"
#include "common/message/origin.h"
#include "supervisor/audit/audit.h"
#include "supervisor/audit/audit_lookup.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <cmocka.h>

#define LINE_A "1.2.3.4 - - [10/Oct/2023:13:55:36 +0200] \"GET /a HTTP/1.1\" 200 5 \"-\" \"x\""
#define LINE_B "1.2.3.4 - - [10/Oct/2023:13:55:36 +0200] \"GET /b HTTP/1.1\" 200 5 \"-\" \"x\""
#define LINE_C "no line of this format"
#define FILE_ID "0123456789abcdef"

enum { LIMIT = 3 };

/* --- the database --- */

static struct row {
	enum stage_id stage;
	char id[MD5_HEX_LEN];
	int64_t timestamp;
	uint64_t origin;
} rows[16];
static size_t row_count;
static unsigned lookups, failing_lookup, failing_scan; /* counted from 1; 0 = none fails */
static size_t largest_batch;
static unsigned scans;	  /* SELECTs over days */
static char scanned[512]; /* the last one of raw_log */

enum outcome
audit_lookup_run(struct audit_lookup *lookup, struct db *db, struct failure *failure)
{
	assert_null(db);
	if (++lookups == failing_lookup)
		return failure_set(failure, OUTCOME_RETRY, EX_UNAVAILABLE, "gone away");
	largest_batch = MAX(largest_batch, lookup->count);
	for (size_t i = 0; i < lookup->count; i++) {
		const struct audit_row *wanted = &lookup->rows[i];

		for (size_t r = 0; r < row_count; r++)
			if (strcmp(stage_table[rows[r].stage].table, lookup->table) == 0 &&
			    memcmp(rows[r].id, wanted->id, MD5_HEX_LEN) == 0 &&
			    rows[r].timestamp == wanted->timestamp &&
			    (!lookup->by_origin || rows[r].origin == wanted->origin))
				*wanted->found = true;
	}
	lookup->count = 0;
	return OUTCOME_DONE;
}

/* Text "('2023-10-10 00:00:00" as a number. */
static int64_t
time_in(const char *text)
{
	int64_t number = 0;

	for (const char *end = text + 19; text < end; text++)
		if (*text >= '0' && *text <= '9')
			number = 10 * number + (*text - '0');
	return number;
}

/* The rows of some days: all of a table whose time is between the two that the text names. */
enum outcome
db_query(struct db *db, const char *sql, db_row_fn *row, void *context,
	 struct failure *query_failure)
{
	const char *between = strstr(sql, " BETWEEN '");

	assert_null(db);
	assert_non_null(between);
	if (++scans == failing_scan)
		return failure_set(query_failure, OUTCOME_RETRY, EX_UNAVAILABLE, "gone away");
	if (strstr(sql, "raw_log") != NULL)
		snprintf(scanned, sizeof(scanned), "%s", between);
	for (size_t r = 0; r < row_count; r++) {
		char origin[32];
		const char *values[] = {rows[r].id, origin};

		snprintf(origin, sizeof(origin), "%" PRIu64, rows[r].origin);
		if (strstr(sql, stage_table[rows[r].stage].table) != NULL &&
		    rows[r].timestamp >= time_in(between + 10) &&
		    rows[r].timestamp <= time_in(between + 36))
			row(context, values, 2);
	}
	return OUTCOME_DONE;
}

static void
store(enum stage_id stage, const char *line, int64_t timestamp, uint64_t origin)
{
	struct md5 *md5 = md5_new();
	struct row *row = &rows[row_count++];

	*row = (struct row){.stage = stage, .timestamp = timestamp, .origin = origin};
	md5_hex(md5, span_of(line), row->id);
	md5_free(&md5);
}

/* The lines above in their tables: A and B in both, C without a time. */
static void
store_in_both(const char *line, uint64_t origin)
{
	for (int s = 0; s < STAGE_COUNT; s++)
		store((enum stage_id)s, line, 20231010115536, origin);
}

/* --- the audit --- */

static struct settings settings;
static struct audit *audit;
static struct failure failure;

static int
setup(void **state)
{
	(void)state;
	settings = (struct settings){.identity = IDENTITY_LINE};
	settings.producer.max_line_bytes = 100;
	row_count = lookups = failing_lookup = scans = failing_scan = 0;
	scanned[0] = '\0';
	largest_batch = 0;
	audit = audit_new(NULL, &settings, LIMIT);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	audit_free(&audit);
	return audit == NULL ? 0 : -1;
}

static enum outcome
read_line(unsigned file, int64_t offset, const char *text, bool has_lf)
{
	const struct audit_line line = {.offset = offset,
					.length = (int64_t)strlen(text),
					.text = span_of(text),
					.start = span_of(text),
					.has_lf = has_lf};

	return audit_line(audit, file, FILE_ID, SPAN_LITERAL("combined"), &line, &failure);
}

static void
add_letter(enum stage_id stage, enum audit_location location, const char *body, int64_t offset,
	   const char *reason)
{
	struct message message = MESSAGE_INIT;

	message.body = span_of(body);
	message.offset = offset;
	message.file_id = SPAN_LITERAL(FILE_ID);
	if (reason != NULL)
		message.reason = span_of(reason);
	audit_letter(audit, stage, location, &message);
}

static const struct audit_result *
finish(void)
{
	const struct audit_result *result = NULL;

	assert_int_equal(audit_finish(audit, &result, &failure), OUTCOME_DONE);
	for (int s = 0; s < STAGE_COUNT; s++)
		assert_int_equal(result->distinct, result->queue[s].stored + result->queue[s].dead +
							   result->queue[s].archived +
							   result->queue[s].missing);
	return result;
}

static void
test_nothing(void **state)
{
	const struct audit_result *result = finish();

	(void)state;
	assert_int_equal(result->lines, 0);
	assert_int_equal(result->distinct, 0);
	assert_int_equal(result->missing_count, 0);
}

static void
test_each_place(void **state)
{
	const struct audit_result *result;

	(void)state;
	store_in_both(LINE_A, 0);
	store(STAGE_LAKE, LINE_C, 19700101000000, 0);
	assert_int_equal(read_line(0, 0, LINE_A, true), OUTCOME_DONE);
	assert_int_equal(read_line(0, 66, LINE_B, true), OUTCOME_DONE);
	assert_int_equal(read_line(0, 132, LINE_C, true), OUTCOME_DONE);
	/* stored and dead, dead and archived, dead only; a frame counts each of its lines */
	add_letter(STAGE_LAKE, AUDIT_DEAD, LINE_A, 0, "db.x");
	add_letter(STAGE_LAKE, AUDIT_DEAD, LINE_B "\nof another file\n", 0, NULL);
	add_letter(STAGE_LAKE, AUDIT_ARCHIVE, LINE_B, 0, NULL);
	add_letter(STAGE_CLEAN, AUDIT_ARCHIVE, LINE_B, 0, NULL);
	add_letter(STAGE_CLEAN, AUDIT_DEAD, LINE_C, 0, "parse.no_match");
	result = finish();
	assert_int_equal(result->lines, 3);
	assert_int_equal(result->distinct, 3);
	assert_int_equal(result->queue[STAGE_LAKE].stored, 2);
	assert_int_equal(result->queue[STAGE_LAKE].both, 1);
	assert_int_equal(result->queue[STAGE_LAKE].dead, 1);
	assert_int_equal(result->queue[STAGE_LAKE].archived, 0);
	assert_int_equal(result->queue[STAGE_LAKE].letter_lines[AUDIT_DEAD], 3);
	assert_int_equal(result->queue[STAGE_LAKE].letter_lines[AUDIT_ARCHIVE], 1);
	assert_int_equal(result->queue[STAGE_CLEAN].stored, 1);
	assert_int_equal(result->queue[STAGE_CLEAN].archived, 1);
	assert_int_equal(result->queue[STAGE_CLEAN].dead, 1);
	assert_int_equal(result->missing_count, 0);
}

/* A row, or a letter, of the one stage says nothing about the other. */
static void
test_missing(void **state)
{
	const struct audit_result *result;

	(void)state;
	store(STAGE_LAKE, LINE_A, 20231010115536, 0);
	add_letter(STAGE_CLEAN, AUDIT_DEAD, LINE_B, 0, NULL);
	for (unsigned file = 3; file-- > 0;) {
		assert_int_equal(read_line(file, 200, file == 1 ? LINE_A : "x", true),
				 OUTCOME_DONE);
		assert_int_equal(read_line(file, 100, file == 1 ? LINE_B : "y", true),
				 OUTCOME_DONE);
	}
	result = finish();
	assert_int_equal(result->lines, 6);
	assert_int_equal(result->distinct, 4);
	assert_int_equal(result->queue[STAGE_LAKE].missing, 3);
	assert_int_equal(result->queue[STAGE_CLEAN].missing, 3);
	/* the first ones by file and offset; equal lines by their first place */
	assert_int_equal(result->missing_count, LIMIT);
	assert_int_equal(result->missing[0].file, 0);
	assert_int_equal(result->missing[0].offset, 100);
	assert_int_equal(result->missing[0].queues, 1u << STAGE_LAKE | 1u << STAGE_CLEAN);
	assert_int_equal(result->missing[1].file, 0);
	assert_int_equal(result->missing[1].offset, 200);
	assert_int_equal(result->missing[2].file, 1);
	assert_int_equal(result->missing[2].offset, 100);
	assert_int_equal(result->missing[2].queues, 1u << STAGE_LAKE);
}

static void
test_unfinished(void **state)
{
	const struct audit_result *result;

	(void)state;
	store(STAGE_LAKE, LINE_A, 20231010115536, 0);
	assert_int_equal(read_line(0, 0, "half a li", false), OUTCOME_DONE);
	/* one that has arrived somewhere is a line, LF or not */
	assert_int_equal(read_line(1, 0, LINE_A, false), OUTCOME_DONE);
	result = finish();
	assert_int_equal(result->unfinished, 1);
	assert_int_equal(result->lines, 1);
	assert_int_equal(result->distinct, 1);
	assert_int_equal(result->queue[STAGE_LAKE].stored, 1);
	assert_int_equal(result->queue[STAGE_CLEAN].missing, 1);
}

/* Its start is a dead letter, with its offset; lines with the same start are told apart by that. */
static void
test_too_long(void **state)
{
	char text[151], cut[101];
	const struct audit_result *result;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[150] = '\0';
	memset(cut, 'x', sizeof(cut) - 1);
	cut[100] = '\0';
	assert_int_equal(read_line(0, 1000, text, true), OUTCOME_DONE);
	assert_int_equal(read_line(0, 2000, text, true), OUTCOME_DONE);
	for (int s = 0; s < STAGE_COUNT; s++)
		add_letter((enum stage_id)s, AUDIT_DEAD, cut, 1000, "line.too_long");
	add_letter(STAGE_CLEAN, AUDIT_DEAD, cut, 2000, "parse.no_match"); /* is another */
	result = finish();
	assert_int_equal(result->too_long, 2);
	for (int s = 0; s < STAGE_COUNT; s++) {
		assert_int_equal(result->queue[s].dead, 1);
		assert_int_equal(result->queue[s].missing, 1);
	}
	assert_int_equal(result->missing[0].offset, 2000);
}

static void
test_position(void **state)
{
	const struct audit_result *result;
	struct message frame = MESSAGE_INIT;

	settings.identity = IDENTITY_POSITION;
	audit_free(&audit);
	audit = audit_new(NULL, &settings, LIMIT);
	(void)state;
	store_in_both(LINE_A, origin_of(SPAN_LITERAL(FILE_ID), 0));
	for (int64_t offset = 0; offset < 400; offset += 100)
		assert_int_equal(read_line(0, offset, LINE_A, true), OUTCOME_DONE);
	/* 2 lines of a frame whose first is 80 bytes before: at 120 + 80 and behind */
	frame.offset = 120;
	frame.file_id = SPAN_LITERAL(FILE_ID);
	frame.body = SPAN_LITERAL("0123456789012345678901234567890123456789"
				  "012345678901234567890123456789012345678\n" LINE_A "\n");
	audit_letter(audit, STAGE_LAKE, AUDIT_DEAD, &frame);
	frame.file_id = SPAN_LITERAL("of another file");
	audit_letter(audit, STAGE_CLEAN, AUDIT_DEAD, &frame);
	result = finish();
	assert_int_equal(result->distinct, 4);
	assert_int_equal(result->queue[STAGE_LAKE].stored, 1);
	assert_int_equal(result->queue[STAGE_LAKE].dead, 1);
	assert_int_equal(result->queue[STAGE_LAKE].missing, 2);
	assert_int_equal(result->queue[STAGE_CLEAN].dead, 0);
	assert_int_equal(result->queue[STAGE_CLEAN].missing, 3);
}

/* Lines are asked for in batches, and none is lost between two. */
static void
test_many_lines(void **state)
{
	const struct audit_result *result;
	char text[32];

	(void)state;
	for (int i = 0; i < 2 * AUDIT_LOOKUP_MAX + 1; i++) {
		snprintf(text, sizeof(text), "line %d", i);
		assert_int_equal(read_line(0, i, text, true), OUTCOME_DONE);
		add_letter(STAGE_LAKE, AUDIT_ARCHIVE, text, -1, NULL);
	}
	assert_int_equal(lookups, 2 * STAGE_COUNT);
	result = finish();
	assert_int_equal(lookups, 3 * STAGE_COUNT);
	assert_int_equal(largest_batch, AUDIT_LOOKUP_MAX);
	assert_int_equal(result->distinct, 2 * AUDIT_LOOKUP_MAX + 1);
	assert_int_equal(result->queue[STAGE_LAKE].archived, 2 * AUDIT_LOOKUP_MAX + 1);
	assert_int_equal(result->queue[STAGE_LAKE].missing, 0);
}

static void
test_database_fails(void **state)
{
	const struct audit_result *result = NULL;

	(void)state;
	failing_lookup = 2;
	assert_int_equal(read_line(0, 0, LINE_A, true), OUTCOME_DONE);
	assert_int_equal(audit_finish(audit, &result, &failure), OUTCOME_RETRY);
	assert_null(result);
	assert_string_equal(failure.text, "gone away");
	audit_free(&audit);
	lookups = 0;
	audit = audit_new(NULL, &settings, LIMIT);
	for (int i = 1; i < AUDIT_LOOKUP_MAX; i++)
		assert_int_equal(read_line(0, i, LINE_A, true), OUTCOME_DONE);
	assert_int_equal(read_line(0, 0, LINE_A, true), OUTCOME_RETRY);
}

/* A line of another format than its input's, stored when it was retried with that one. */
static void
test_another_format(void **state)
{
	static const char line[] =
		"1.2.3.4 - - [10/Oct/2023:13:55:36 +0200] \"GET /a HTTP/1.1\" 200 5";
	const struct audit_result *result;

	(void)state;
	store_in_both(line, 0);
	assert_int_equal(read_line(0, 0, line, true), OUTCOME_DONE); /* is read as combined */
	result = finish();
	for (int s = 0; s < STAGE_COUNT; s++) {
		assert_int_equal(result->queue[s].stored, 1);
		assert_int_equal(result->queue[s].elsewhere, 0);
	}
	assert_int_equal(scans, 0);
}

/* Rows under times that no format gives, of lines with a time and without one. */
static void
test_another_time(void **state)
{
	const struct audit_result *result;

	(void)state;
	store(STAGE_LAKE, LINE_A, 20231009000000, 0);  /* the day before ... */
	store(STAGE_CLEAN, LINE_A, 20231011235959, 0); /* ... the day after */
	store(STAGE_LAKE, LINE_B, 19700101000000, 0);  /* without a time */
	store(STAGE_CLEAN, LINE_B, 20231013000000, 0); /* too far away */
	store(STAGE_CLEAN, LINE_C, 20231010000000, 0); /* at its neighbour's day */
	assert_int_equal(read_line(0, 0, LINE_A, true), OUTCOME_DONE);
	assert_int_equal(read_line(0, 66, LINE_B, true), OUTCOME_DONE);
	assert_int_equal(read_line(0, 132, LINE_C, true), OUTCOME_DONE);
	add_letter(STAGE_LAKE, AUDIT_DEAD, LINE_C, 0, "x.y");
	result = finish();
	assert_int_equal(result->queue[STAGE_LAKE].stored, 2);
	assert_int_equal(result->queue[STAGE_LAKE].elsewhere, 2);
	assert_int_equal(result->queue[STAGE_LAKE].dead, 1);
	assert_int_equal(result->queue[STAGE_CLEAN].stored, 2);
	assert_int_equal(result->queue[STAGE_CLEAN].elsewhere, 2);
	assert_int_equal(result->queue[STAGE_CLEAN].missing, 1);
	assert_int_equal(result->missing[0].offset, 66);
	/* the days in a row are one question, the rows without a time another */
	assert_int_equal(scans, 2 * STAGE_COUNT);
	assert_string_equal(scanned, " BETWEEN '2023-10-09 00:00:00' AND '2023-10-11 23:59:59'");
}

/* With identity = position a row of the same line at another place is another row. */
static void
test_another_time_by_position(void **state)
{
	const struct audit_result *result;

	settings.identity = IDENTITY_POSITION;
	audit_free(&audit);
	audit = audit_new(NULL, &settings, LIMIT);
	(void)state;
	for (int s = 0; s < STAGE_COUNT; s++)
		store((enum stage_id)s, LINE_A, 20231011000000,
		      origin_of(SPAN_LITERAL(FILE_ID), 100));
	assert_int_equal(read_line(0, 0, LINE_A, true), OUTCOME_DONE);
	assert_int_equal(read_line(0, 100, LINE_A, true), OUTCOME_DONE);
	result = finish();
	for (int s = 0; s < STAGE_COUNT; s++) {
		assert_int_equal(result->queue[s].elsewhere, 1);
		assert_int_equal(result->queue[s].missing, 1);
	}
}

static void
test_scan_fails(void **state)
{
	const struct audit_result *result = NULL;

	(void)state;
	failing_scan = 2;
	assert_int_equal(read_line(0, 0, LINE_A, true), OUTCOME_DONE);
	assert_int_equal(audit_finish(audit, &result, &failure), OUTCOME_RETRY);
	assert_null(result);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_each_place, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unfinished, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_long, setup, teardown),
		cmocka_unit_test_setup_teardown(test_position, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_database_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_another_format, setup, teardown),
		cmocka_unit_test_setup_teardown(test_another_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_another_time_by_position, setup, teardown),
		cmocka_unit_test_setup_teardown(test_scan_fails, setup, teardown),
	};

	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
