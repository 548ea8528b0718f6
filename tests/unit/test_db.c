/* SPDX-License-Identifier: MIT */
/*
 * test_db.c - a connection to the database, over a client library that only records.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "common/base/defs.h"
#include "common/database/db.h"
#include "common/database/schema.h"
#include "tests/fakes/fake_mysql.h"
#include "tests/fakes/fake_time.h"

static char *hosts[] = {(char[]){"one:3307"}, (char[]){"/run/mysqld/mysqld.sock"}};
static char no_file[] = "", user[] = "u", name[] = "d";
static struct database_settings settings;
static struct db *db;
static struct failure failure;

static int
set_up(void **state)
{
	(void)state;
	fake_mysql_reset();
	settings = (struct database_settings){.hosts = {.items = hosts, .count = 1},
					      .password_file = no_file,
					      .user = user,
					      .name = name};
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	db_close(&db);
	fake_mysql_reset();
	return 0;
}

/* Both families: MySQL has no check_constraint_checks. */
static void
test_session(void **state)
{
	(void)state;
	for (int is_mariadb = 0; is_mariadb < 2; is_mariadb++) {
		fake_mysql_reset();
		fake_mysql_set_arrays(is_mariadb);
		assert_int_equal(db_open(&db, &settings, 21, &failure), OUTCOME_DONE);
		assert_string_equal(db_address(db), "one:3307");
		assert_int_equal(fake_mysql_count("connect one 3307\n"), 1);
		assert_int_equal(fake_mysql_count("query SET NAMES utf8mb4 COLLATE"), 1);
		assert_non_null(strstr(fake_mysql_record(), "STRICT_ALL_TABLES"));
		assert_non_null(strstr(fake_mysql_record(), "time_zone = '+00:00'"));
		assert_non_null(strstr(fake_mysql_record(), "autocommit = 0"));
		assert_non_null(strstr(fake_mysql_record(), " lock_wait_timeout = 20,"));
		assert_false(db_is_lost(db));
		db_close(&db);
	}
}

/* What was said and is not so: nothing is stored through such a session. */
static void
test_session_is_read_back(void **state)
{
	static const struct {
		const char *variable, *value, *shown;
	} stubborn[] = {
		{"character_set_client", "latin1", "latin1"},
		{"character_set_connection", "utf8mb3", "utf8mb3"},
		{"character_set_results", NULL, "NULL"},
		{"collation_connection", "latin1_swedish_ci", "latin1_swedish_ci"},
		{"sql_mode", "STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES", "NO_BACKSLASH_ESCAPES"},
		{"sql_mode", "", "\"\""},
		{"time_zone", "SYSTEM", "SYSTEM"},
		{"autocommit", "1", "\"1\""},
		{"foreign_key_checks", "0", "\"0\""},
		{"sql_select_limit", "1000", "1000"},
		{"check_constraint_checks", "0", "\"0\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(stubborn); i++) {
		fake_mysql_reset();
		fake_mysql_set_stubborn(stubborn[i].variable, stubborn[i].value);
		assert_int_equal(db_open(&db, &settings, 5, &failure), OUTCOME_FATAL);
		assert_null(db);
		assert_int_equal(failure.exit_code, EX_CONFIG);
		assert_non_null(strstr(failure.text, stubborn[i].variable));
		assert_non_null(strstr(failure.text, stubborn[i].shown));
	}
}

static void
test_second_host(void **state)
{
	(void)state;
	settings.hosts.count = 2;
	fake_mysql_fail("mysql_real_connect", 1, 2003);
	assert_int_equal(db_open(&db, &settings, 5, &failure), OUTCOME_DONE);
	assert_string_equal(db_address(db), "/run/mysqld/mysqld.sock");
	assert_int_equal(fake_mysql_count("close"), 1);
}

static void
test_refused(void **state)
{
	(void)state;
	fake_mysql_fail("mysql_real_connect", 1, 1045);
	assert_int_equal(db_open(&db, &settings, 5, &failure), OUTCOME_FATAL);
	assert_null(db);
	assert_int_equal(failure.exit_code, EX_NOPERM);
	assert_non_null(strstr(failure.text, "connect as user \"u\" to database \"d\""));
	assert_non_null(strstr(failure.text, "[1045] (check database.user"));
}

static void
test_session_fails(void **state)
{
	(void)state;
	fake_mysql_fail("mysql_real_query", 3, 2013);
	assert_int_equal(db_open(&db, &settings, 5, &failure), OUTCOME_RETRY);
	assert_null(db);
	assert_int_equal(fake_mysql_count("close"), 1);
}

static void
take_long(void *context UNUSED, const char *const *values UNUSED, unsigned count UNUSED)
{
	fake_time_advance(30000);
}

/* The library says "lost connection" of both: a server that went, and our own limit. */
static void
test_own_time_limit(void **state)
{
	static const struct {
		int64_t after_ms;
		bool is_own;
	} waits[] = {{0, false}, {20000, false}, {21000, true}, {21500, true}};

	(void)state;
	fake_time_start(INT64_C(3600) * 1000);
	for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
		assert_int_equal(db_open(&db, &settings, 21, &failure), OUTCOME_DONE);
		fake_mysql_fail("mysql_real_query", 1, 2013);
		fake_mysql_set_delay(waits[i].after_ms);
		assert_int_equal(db_execute(db, "DO 1", &failure), OUTCOME_RETRY);
		assert_int_equal(strstr(failure.text, "no answer within 21 s") != NULL,
				 waits[i].is_own);
		assert_int_equal(strstr(failure.text, "table locked?") != NULL, waits[i].is_own);
		assert_int_equal(strstr(failure.text, "as planned") != NULL, !waits[i].is_own);
		db_close(&db);
	}
	/* many rows take their time: only the silence counts that came after the last one */
	assert_int_equal(db_open(&db, &settings, 21, &failure), OUTCOME_DONE);
	fake_mysql_set_answer("7");
	fake_mysql_set_delay(100);
	fake_mysql_fail("mysql_fetch_row", 2, 2013);
	assert_int_equal(db_query(db, "SELECT 7", take_long, NULL, &failure), OUTCOME_RETRY);
	assert_null(strstr(failure.text, "no answer within"));
	db_close(&db);
	fake_mysql_set_answer(NULL);

	fake_mysql_fail("mysql_real_connect", 1, 2003);
	fake_mysql_set_delay(5000);
	assert_int_equal(db_open(&db, &settings, 21, &failure), OUTCOME_RETRY);
	assert_non_null(strstr(failure.text, "no answer within 5 s"));
	assert_non_null(strstr(failure.text, "is the database running there?"));
	fake_time_stop();
}

static void
test_bad_host(void **state)
{
	char text[] = "one:many";
	char *bad[] = {text};

	(void)state;
	settings.hosts.items = bad;
	assert_int_equal(db_open(&db, &settings, 5, &failure), OUTCOME_FATAL);
	assert_int_equal(failure.exit_code, EX_CONFIG);
	assert_int_equal(fake_mysql_count("connect"), 0);
}

static void
assert_schema(int version, enum outcome outcome, const char *advice)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", version);
	fake_mysql_set_answer(text);
	assert_int_equal(db_check_schema(db, &failure), outcome);
	if (outcome != OUTCOME_DONE)
		assert_non_null(strstr(failure.text, advice));
}

static void
test_schema(void **state)
{
	(void)state;
	assert_int_equal(db_open(&db, &settings, 5, &failure), OUTCOME_DONE);
	assert_schema(schema_latest(), OUTCOME_DONE, "");
	assert_schema(schema_latest() - 1, OUTCOME_FATAL, "sluicectl db migrate");
	assert_schema(schema_latest() + 1, OUTCOME_FATAL, "upgrade Sluice");
	/* the read leaves no transaction open */
	assert_int_equal(fake_mysql_count("rollback"), 3);
	fake_mysql_fail("mysql_real_query", 1, 1146);
	assert_schema(0, OUTCOME_FATAL, "sluicectl db migrate");
	fake_mysql_fail("mysql_real_query", 1, 2006);
	assert_schema(0, OUTCOME_RETRY, "2006");
	assert_true(db_is_lost(db));
}

static void
test_end_of_a_transaction(void **state)
{
	(void)state;
	assert_int_equal(db_open(&db, &settings, 5, &failure), OUTCOME_DONE);
	assert_int_equal(db_commit(db, &failure), OUTCOME_DONE);
	fake_mysql_fail("mysql_commit", 1, 1213);
	assert_int_equal(db_commit(db, &failure), OUTCOME_RETRY);
	assert_false(db_is_lost(db));
	fake_mysql_fail("mysql_rollback", 1, 2013);
	db_rollback(db);
	assert_true(db_is_lost(db));
	/* the server has rolled back itself */
	db_rollback(db);
	assert_int_equal(fake_mysql_count("rollback"), 1);
}

static void
copy_value(void *context, const char *const *values, unsigned count)
{
	assert_int_equal(count, 1);
	snprintf(context, 16, "%s", values[0] != NULL ? values[0] : "NULL");
}

static void
test_query(void **state)
{
	char value[16] = "";

	(void)state;
	assert_int_equal(db_open(&db, &settings, 5, &failure), OUTCOME_DONE);
	fake_mysql_set_answer("seven");
	assert_int_equal(db_query(db, "SELECT 7", copy_value, value, &failure), OUTCOME_DONE);
	assert_string_equal(value, "seven");
	fake_mysql_set_answer(NULL);
	assert_int_equal(db_query(db, "SELECT 8", copy_value, value, &failure), OUTCOME_DONE);
	assert_string_equal(value, "NULL");
	fake_mysql_fail("mysql_real_query", 1, 1064);
	assert_int_equal(db_execute(db, "DELETE\nFROM t", &failure), OUTCOME_FATAL);
	assert_non_null(strstr(failure.text, "\"DELETE\""));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_session),
		TEST(test_session_is_read_back),
		TEST(test_second_host),
		TEST(test_refused),
		TEST(test_session_fails),
		TEST(test_own_time_limit),
		TEST(test_bad_host),
		TEST(test_schema),
		TEST(test_end_of_a_transaction),
		TEST(test_query),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
