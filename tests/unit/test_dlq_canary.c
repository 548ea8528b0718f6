/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_canary.c - the first letters of a retry are stored, come back, or neither.
 */
#include "common/database/db.h"
#include "supervisor/dlq/dlq_canary.h"
#include "tests/fakes/fake_broker.h"
#include "tests/fakes/fake_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <cmocka.h>

#define DEAD "queue-data-clean.dead"
#define LINE "1.2.3.4 - - [10/Oct/2023:13:55:36 +0200] \"GET / HTTP/1.1\" 200 5"
#define CANARY_MS 60000

/* --- the database: rows by their MD5, from a round on --- */

static unsigned rollbacks, queries, stored_from; /* 0 = never */
static bool db_is_down, query_fails;
static char last_query[256];

enum outcome
db_open(struct db **db, const struct database_settings *settings, int64_t timeout_s,
	struct failure *failure)
{
	(void)settings;
	assert_true(timeout_s > 0);
	*db = NULL;
	return db_is_down ? failure_set(failure, OUTCOME_RETRY, EX_UNAVAILABLE, "no database")
			  : OUTCOME_DONE;
}

void
db_close(struct db **db)
{
	assert_null(*db);
}

void
db_rollback(struct db *db)
{
	assert_null(db);
	rollbacks++; /* begins a round: a transaction sees the rows of its start */
}

enum outcome
db_query(struct db *db, const char *sql, db_row_fn *row, void *context, struct failure *failure)
{
	const char *one = "1";

	assert_null(db);
	queries++;
	snprintf(last_query, sizeof(last_query), "%s", sql);
	if (query_fails)
		return failure_set(failure, OUTCOME_FATAL, EX_NOPERM, "no right");
	if (stored_from != 0 && rollbacks >= stored_from)
		row(context, &one, 1);
	return OUTCOME_DONE;
}

/* --- the retry --- */

static struct settings settings;
static struct dlq_run run;
static struct dlq_move_job job;
static struct dlq_canary *canary;
static struct failure failure;

static void
put_letter(int64_t retries)
{
	struct message message = MESSAGE_INIT;

	message.message_id = SPAN_LITERAL("f:17");
	message.retries = retries;
	message.body = SPAN_LITERAL(LINE);
	fake_broker_put(DEAD, &message);
}

/* A retry has sent one letter; it left the queue that is still being read. */
static int
setup(void **state)
{
	struct delivery *delivery;
	struct dlq_letter letter;

	(void)state;
	fake_reset();
	fake_broker_reset();
	fake_broker_add_queue(DEAD);
	fake_time_start(10 * CANARY_MS);
	rollbacks = queries = stored_from = 0;
	db_is_down = query_fails = false;
	run = (struct dlq_run){.settings = &settings, .canary_ms = CANARY_MS, .md5 = md5_new()};
	job = (struct dlq_move_job){.run = &run, .queue = STAGE_CLEAN};
	canary = dlq_canary_new();
	put_letter(3);
	delivery = fake_broker_look(DEAD, 0);
	dlq_letter_read(run.md5, STAGE_CLEAN, delivery, &letter);
	dlq_canary_add(canary, run.md5, &letter);
	delivery_free(&delivery);
	return dlq_reader_open(&job.reader, &settings.broker, DEAD, "test", &failure) ==
			       OUTCOME_DONE
		       ? 0
		       : -1;
}

static int
teardown(void **state)
{
	(void)state;
	dlq_canary_free(&canary);
	dlq_reader_close(&job.reader);
	fake_time_on_wait(NULL, NULL);
	fake_time_stop();
	md5_free(&run.md5);
	return canary == NULL && fake_broker_connections() == 0 ? 0 : -1;
}

static void
test_stored(void **state)
{
	int64_t begin_ms = fake_time_passed_ms();

	(void)state;
	stored_from = 3;
	assert_int_equal(dlq_canary_wait(canary, &job, &failure), OUTCOME_DONE);
	assert_int_equal(rollbacks, 3);
	assert_int_equal(queries, 3);
	assert_true(fake_time_passed_ms() - begin_ms < 5000);
	/* by the whole key of the table */
	assert_string_equal(last_query, "SELECT 1 FROM clean_log WHERE id = "
					"'3da631685f5525f9becde34753bcc5f6' AND timestamp = "
					"20231010115536 LIMIT 1");
}

static void
come_back(void *context, unsigned wait)
{
	(void)context;
	if (wait % 20 == 0)
		put_letter(4);
}

static void
test_returned(void **state)
{
	(void)state;
	fake_time_on_wait(come_back, NULL);
	assert_int_equal(dlq_canary_wait(canary, &job, &failure), OUTCOME_REJECT);
	assert_int_equal(failure.exit_code, CTL_PARTLY);
	assert_non_null(strstr(failure.text, "of 1 lines 0 were stored and 1 came back"));
}

/* The letter itself, still there when another reader gave it back, has not come back. */
static void
test_same_letter(void **state)
{
	int64_t begin_ms = fake_time_passed_ms();

	(void)state;
	put_letter(3);
	assert_int_equal(dlq_canary_wait(canary, &job, &failure), OUTCOME_RETRY);
	assert_int_equal(failure.exit_code, EX_TEMPFAIL);
	assert_non_null(strstr(failure.text, "of 1 lines 0 were stored, the others are on their "
					     "way"));
	assert_true(fake_time_passed_ms() - begin_ms >= CANARY_MS);
	assert_true(fake_time_passed_ms() - begin_ms < CANARY_MS + 1000);
}

static void
test_failures(void **state)
{
	(void)state;
	query_fails = true;
	assert_int_equal(dlq_canary_wait(canary, &job, &failure), OUTCOME_FATAL);
	assert_string_equal(failure.text, "no right");
	db_is_down = true;
	assert_int_equal(dlq_canary_wait(canary, &job, &failure), OUTCOME_RETRY);
	assert_string_equal(failure.text, "no database");
	db_is_down = query_fails = false;
	fake_broker_cut();
	assert_int_equal(dlq_canary_wait(canary, &job, &failure), OUTCOME_RETRY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_stored, setup, teardown),
		cmocka_unit_test_setup_teardown(test_returned, setup, teardown),
		cmocka_unit_test_setup_teardown(test_same_letter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failures, setup, teardown),
	};

	return cmocka_run_group_tests_name("dlq_canary", tests, NULL, NULL);
}
