/* SPDX-License-Identifier: MIT */
/*
 * test_db_insert.c - rows as statements, by bound arrays and by multi-row VALUES, over a client
 * library that only records.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/defs.h"
#include "common/base/xalloc.h"
#include "common/database/db_insert.h"
#include "tests/fakes/fake_mysql.h"

#define ID_A "0123456789abcdef0123456789abcdef"
#define ID_B "fedcba9876543210fedcba9876543210"

struct row {
	char id[ROW_ID_LEN];
	struct span text, bytes;
	int64_t number;
	uint64_t place;
};

static const struct column columns[] = {
	{.name = "id", .type = COLUMN_ID, .offset = offsetof(struct row, id)},
	{.name = "text", .type = COLUMN_TEXT, .offset = offsetof(struct row, text)},
	{.name = "bytes", .type = COLUMN_BYTES, .offset = offsetof(struct row, bytes)},
	{.name = "number", .type = COLUMN_NUMBER, .offset = offsetof(struct row, number)},
	{.name = "place", .type = COLUMN_UNSIGNED, .offset = offsetof(struct row, place)},
};

static const struct table table = {.name = "t",
				   .time_column = "number",
				   .columns = columns,
				   .column_count = ARRAY_LEN(columns),
				   .row_size = sizeof(struct row)};

static char *hosts[] = {(char[]){"here:3306"}};
static char no_file[] = "", user[] = "u", name[] = "d";
static const struct database_settings settings = {.hosts = {.items = hosts, .count = 1},
						  .password_file = no_file,
						  .user = user,
						  .name = name};
static struct db *db;
static struct db_insert *insert;
static struct failure failure;

static enum outcome
open_insert(int way, size_t max_rows)
{
	if (way != INSERT_VALUES && !fake_mysql_client_has_arrays())
		skip();
	assert_int_equal(db_open(&db, &settings, 5, &failure), OUTCOME_DONE);
	return db_insert_open(&insert, db, &table, max_rows, way, &failure);
}

static int
set_up(void **state)
{
	(void)state;
	fake_mysql_reset();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	db_insert_close(&insert);
	db_close(&db);
	fake_mysql_reset();
	return 0;
}

static struct row
make_row(const char *id, const char *text, const char *bytes, int64_t number, uint64_t place)
{
	struct row row = {
		.text = span_of(text), .bytes = span_of(bytes), .number = number, .place = place};

	memcpy(row.id, id, ROW_ID_LEN);
	return row;
}

static void
assert_recorded(const char *text)
{
	if (strstr(fake_mysql_record(), text) == NULL)
		fail_msg("no \"%s\" in\n%s", text, fake_mysql_record());
}

static void
test_values(void **state)
{
	struct row a = make_row(ID_A, "it's \\ so", NULL, -5, UINT64_MAX),
		   b = make_row(ID_B, NULL, "\xff", ROW_NUMBER_NULL, 0);
	const void *rows[] = {&a, &b};
	uint64_t inserted;

	(void)state;
	assert_int_equal(open_insert(INSERT_VALUES, 10), OUTCOME_DONE);
	assert_string_equal(db_insert_way(insert), "values");
	assert_int_equal(db_insert_rows(insert, rows, 2, &inserted, &failure), OUTCOME_DONE);
	assert_int_equal(inserted, 2);
	assert_recorded("query INSERT INTO `t` (`id`, `text`, `bytes`, `number`, `place`) VALUES "
			"('" ID_A "','it\\'s \\\\ so',NULL,-5,18446744073709551615),"
			"('" ID_B "',NULL,_binary'\xff',NULL,0)"
			" ON DUPLICATE KEY UPDATE `id` = `id`\n");
}

static void
test_arrays(void **state)
{
	struct row a = make_row(ID_A, "it's so", NULL, -5, UINT64_MAX),
		   b = make_row(ID_B, NULL, "bytes", ROW_NUMBER_NULL, 0);
	const void *rows[] = {&a, &b};
	uint64_t inserted;

	(void)state;
	assert_int_equal(open_insert(INSERT_AUTO, 10), OUTCOME_DONE);
	assert_string_equal(db_insert_way(insert), "array");
	assert_recorded("prepare INSERT INTO `t` (`id`, `text`, `bytes`, `number`, `place`) VALUES "
			"(?,?,?,?,?) ON DUPLICATE KEY UPDATE `id` = `id`\n");
	assert_int_equal(db_insert_rows(insert, rows, 2, &inserted, &failure), OUTCOME_DONE);
	assert_int_equal(inserted, 2);
	assert_recorded("row " ID_A "|it's so|NULL|-5|18446744073709551615\n"
			"row " ID_B "|NULL|bytes|NULL|0\n"
			"execute 2\n");
	/* NULLs of the rows before leave no trace */
	assert_int_equal(db_insert_rows(insert, rows + 1, 1, &inserted, &failure), OUTCOME_DONE);
	assert_int_equal(db_insert_rows(insert, rows, 1, &inserted, &failure), OUTCOME_DONE);
	assert_recorded("execute 1\nrow " ID_A "|it's so|NULL|-5|18446744073709551615\nexecute 1");
}

/* Many rows are several statements; what each inserted is added up. */
static void
insert_many(int way, const char *statement)
{
	struct row row = make_row(ID_A, "x", NULL, 1, 2);
	const void **rows = xcalloc(3000, sizeof(*rows));
	uint64_t inserted;

	for (size_t i = 0; i < 3000; i++)
		rows[i] = &row;
	assert_int_equal(open_insert(way, 3000), OUTCOME_DONE);
	assert_int_equal(db_insert_rows(insert, rows, 3000, &inserted, &failure), OUTCOME_DONE);
	assert_int_equal(inserted, 3000);
	assert_int_equal(fake_mysql_count(statement), 3);
	free(rows);
}

static void
test_many_values(void **state)
{
	(void)state;
	insert_many(INSERT_VALUES, "query INSERT");
}

static void
test_many_arrays(void **state)
{
	(void)state;
	insert_many(INSERT_ARRAY, "execute");
	assert_int_equal(fake_mysql_count("execute 1250\n"), 2);
	assert_int_equal(fake_mysql_count("execute 500\n"), 1);
}

/* No statement is larger than the server takes; a row that is, is rejected before it is sent. */
static void
insert_large(int way, const char *statement, unsigned statements)
{
	char *text = xcalloc(30001, 1);
	struct row rows[4];
	const void *pointers[4];
	uint64_t inserted;

	memset(text, 'x', 30000);
	for (size_t i = 0; i < 4; i++) {
		rows[i] = make_row(ID_A, text, NULL, 1, 2);
		pointers[i] = &rows[i];
	}
	fake_mysql_set_packet(100 << 10);
	assert_int_equal(open_insert(way, 4), OUTCOME_DONE);
	assert_int_equal(db_insert_rows(insert, pointers, 4, &inserted, &failure), OUTCOME_DONE);
	assert_int_equal(inserted, 4);
	assert_int_equal(fake_mysql_count(statement), statements);
	rows[2].text.len = 90000; /* never read */
	assert_int_equal(db_insert_rows(insert, pointers + 2, 1, &inserted, &failure),
			 OUTCOME_REJECT);
	assert_int_equal(failure.reason, REASON_DB_PACKET_TOO_BIG);
	assert_int_equal(fake_mysql_count(statement), statements);
	assert_false(db_is_lost(db));
	free(text);
}

static void
test_large_values(void **state)
{
	(void)state;
	/* escaping can double a text: half of the packet counts */
	insert_large(INSERT_VALUES, "query INSERT", 4);
}

static void
test_large_arrays(void **state)
{
	(void)state;
	insert_large(INSERT_ARRAY, "execute", 2);
}

static void
test_way(void **state)
{
	(void)state;
	fake_mysql_set_arrays(false);
	assert_int_equal(open_insert(INSERT_AUTO, 10), OUTCOME_DONE);
	assert_string_equal(db_insert_way(insert), "values");
	db_insert_close(&insert);
	assert_int_equal(db_insert_open(&insert, db, &table, 10, INSERT_ARRAY, &failure),
			 OUTCOME_FATAL);
	assert_null(insert);
	assert_int_equal(failure.exit_code, EX_CONFIG);
	assert_non_null(strstr(failure.text, "database.insert"));
}

static void
assert_failure(int way, const char *function, unsigned error, enum outcome outcome, bool lost)
{
	struct row row = make_row(ID_A, "x", NULL, 1, 2);
	const void *rows[] = {&row};
	uint64_t inserted;

	assert_int_equal(open_insert(way, 10), OUTCOME_DONE);
	fake_mysql_fail(function, 1, error);
	assert_int_equal(db_insert_rows(insert, rows, 1, &inserted, &failure), outcome);
	assert_int_equal(failure.code, error);
	assert_non_null(strstr(failure.text, "database here:3306: insert into t: as planned ["));
	assert_true(db_is_lost(db) == lost);
	tear_down(NULL);
}

static void
test_failures(void **state)
{
	(void)state;
	assert_failure(INSERT_VALUES, "mysql_real_query", 1406, OUTCOME_REJECT, false);
	assert_failure(INSERT_VALUES, "mysql_real_query", 2013, OUTCOME_RETRY, true);
	/* the client's own words are not about the rows */
	assert_failure(INSERT_VALUES, "mysql_real_query", 2062, OUTCOME_RETRY, false);
	assert_failure(INSERT_VALUES, "mysql_real_query", 5014, OUTCOME_RETRY, false);
	assert_failure(INSERT_ARRAY, "mysql_stmt_execute", 1406, OUTCOME_REJECT, false);
	assert_failure(INSERT_ARRAY, "mysql_stmt_execute", 1205, OUTCOME_RETRY, false);
	assert_failure(INSERT_ARRAY, "mysql_stmt_bind_param", 2006, OUTCOME_RETRY, true);
}

static const unsigned refusals[] = {
	4025, /* CHECK, MariaDB */
	3819, /* CHECK, MySQL */
	1644, /* SIGNAL */
	1526, /* no partition */
	1369, /* WITH CHECK OPTION */
	1451, /* foreign keys */
	1452, 1365, 1690,  1906,
	3105, 3140, 30001, 2027, /* what Connector/C makes of a trigger's 2013 */
};

static void
assert_refusals(int way, const char *function)
{
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		assert_failure(way, function, refusals[i], OUTCOME_REJECT, false);
		assert_int_equal(failure.reason, REASON_DB_REFUSED);
	}
	/* a trigger may say any number */
	set_up(NULL);
	fake_mysql_set_sqlstate("45000");
	assert_failure(way, function, 1146, OUTCOME_REJECT, false);
	assert_int_equal(failure.reason, REASON_DB_REFUSED);
}

static void
test_refused_values(void **state)
{
	(void)state;
	assert_refusals(INSERT_VALUES, "mysql_real_query");
}

static void
test_refused_arrays(void **state)
{
	(void)state;
	assert_refusals(INSERT_ARRAY, "mysql_stmt_execute");
}

/* The newest row once more: its key is there, so nothing changes. */
static void
test_newest(void **state)
{
	static const char select[] = "SELECT `id`, `text`, `bytes`, `number`, `place` FROM `t` "
				     "ORDER BY `number` DESC LIMIT 1";
	char line[400];
	bool found;

	(void)state;
	assert_int_equal(open_insert(INSERT_VALUES, 10), OUTCOME_DONE);
	assert_int_equal(db_insert_newest(insert, &found, &failure), OUTCOME_DONE);
	assert_true(found);
	snprintf(line, sizeof(line),
		 "query INSERT INTO `t` (`id`, `text`, `bytes`, `number`, `place`) SELECT * FROM "
		 "(%s) AS newest ON DUPLICATE KEY UPDATE `t`.`id` = `t`.`id`\n",
		 select);
	assert_recorded(line);
	fake_mysql_fail("mysql_real_query", 2, 4025);
	assert_int_equal(db_insert_newest(insert, &found, &failure), OUTCOME_REJECT);
	assert_int_equal(failure.reason, REASON_DB_REFUSED);
	fake_mysql_fail("mysql_real_query", 1, 1142);
	assert_int_equal(db_insert_newest(insert, &found, &failure), OUTCOME_FATAL);
	assert_false(found);
}

/* The first statement that fails is the last one. */
static void
test_failure_between(void **state)
{
	struct row row = make_row(ID_A, "x", NULL, 1, 2);
	const void **rows = xcalloc(3000, sizeof(*rows));
	uint64_t inserted;

	(void)state;
	for (size_t i = 0; i < 3000; i++)
		rows[i] = &row;
	assert_int_equal(open_insert(INSERT_ARRAY, 3000), OUTCOME_DONE);
	fake_mysql_fail("mysql_stmt_execute", 2, 1213);
	assert_int_equal(db_insert_rows(insert, rows, 3000, &inserted, &failure), OUTCOME_RETRY);
	assert_int_equal(fake_mysql_count("execute"), 2);
	free(rows);
}

static void
test_prepare_fails(void **state)
{
	(void)state;
	fake_mysql_fail("mysql_stmt_prepare", 1, 1146);
	assert_int_equal(open_insert(INSERT_ARRAY, 10), OUTCOME_FATAL);
	assert_null(insert);
	assert_int_equal(fake_mysql_count("close statement"), 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_values),
		TEST(test_arrays),
		TEST(test_many_values),
		TEST(test_many_arrays),
		TEST(test_large_values),
		TEST(test_large_arrays),
		TEST(test_way),
		TEST(test_failures),
		TEST(test_refused_values),
		TEST(test_refused_arrays),
		TEST(test_newest),
		TEST(test_failure_between),
		TEST(test_prepare_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
