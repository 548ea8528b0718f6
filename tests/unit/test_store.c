/* SPDX-License-Identifier: MIT */
/*
 * test_store.c - a batch's rows into a database in memory: every outcome of every call.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "common/base/log.h"
#include "common/settings/settings.h"
#include "common/worker/store.h"
#include "lake_worker/raw_row.h"
#include "tests/fakes/fake_broker.h"
#include "tests/fakes/fake_db.h"
#include "tests/fakes/fake_time.h"

static char *hosts[] = {(char[]){"one:3306"}, (char[]){"two:3306"}};
static struct settings settings;
static struct status_page page;
static struct process process;
static struct store *store;
static struct batch *batch;

static unsigned served;	     /* calls of serve() */
static unsigned serve_until; /* it gives up then; 0 = never */
static void (*on_serve)(void);

static int
no_fd(void *context)
{
	(void)context;
	return -1;
}

static bool
serve(void *context)
{
	(void)context;
	served++;
	if (on_serve != NULL)
		on_serve();
	return serve_until == 0 || served < serve_until;
}

static int
set_up(void **state)
{
	const struct keepalive keepalive = {.fd = no_fd, .serve = serve};
	struct batch_limits limits = {
		.rows = 1000, .deliveries = 8, .max_line_bytes = 1000, .status = &page};

	(void)state;
	log_configure(LOG_LEVEL_ERROR, LOG_STYLE_LOGFMT);
	memset(&page, 0, sizeof(page));
	settings = (struct settings){.identity = IDENTITY_LINE};
	settings.broker.heartbeat_s = 15;
	settings.database.hosts.items = hosts;
	settings.database.hosts.count = 1;
	settings.database.retry_min_ms = 500;
	settings.database.retry_max_ms = 30000;
	settings.database.reject_stop_percent = 50;
	process = (struct process){
		.settings = &settings, .status = &page, .signal_fd = -1, .supervisor_fd = -1};
	served = serve_until = 0;
	on_serve = NULL;
	fake_reset();
	fake_db_reset();
	fake_broker_reset();
	fake_broker_add_queue("q");
	fake_time_start(INT64_C(24) * 3600 * 1000);
	store = store_new(&process, &raw_log_table, limits.rows, raw_row_compare, &keepalive);
	batch = batch_new(&raw_log_table, &limits, raw_row_fill, NULL);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	store_free(&store);
	batch_free(&batch);
	fake_time_stop();
	fake_db_reset();
	fake_broker_reset();
	return 0;
}

static enum outcome
store_lines(const char *body)
{
	fake_broker_put_text("q", body);
	batch_add_delivery(batch, fake_broker_look("q", fake_broker_ready("q") - 1));
	assert_true(batch_fill(batch));
	return store_batch(store, batch);
}

static bool
has_row(const char *line)
{
	return fake_db_has("raw_log", "log", line);
}

static void
plan(const char *function, unsigned times, enum outcome outcome, int code)
{
	fake_fail(&(struct fake_fault){
		.function = function, .times = times, .outcome = outcome, .code = code});
}

static void
test_done(void **state)
{
	(void)state;
	assert_int_equal(store_lines("a\nb\na\n"), OUTCOME_DONE);
	assert_true(has_row("a") && has_row("b"));
	assert_int_equal(fake_calls("db_commit"), 1);
	assert_int_equal(status_counter(&page, COUNTER_ROWS_STORED), 2);
	assert_int_equal(status_counter(&page, COUNTER_ROWS_KNOWN), 1);
	assert_int_equal(served, 0);
	batch_finish(batch);
	assert_int_equal(store_batch(store, batch), OUTCOME_DONE); /* nothing to do */
	assert_int_equal(fake_calls("db_commit"), 1);
	assert_int_equal(store_lines("c"), OUTCOME_DONE);
	assert_int_equal(fake_calls("db_open"), 1);
}

/* The transaction is rolled back before the batch is run again, on the same connection. */
static void
test_retry_on_the_connection(void **state)
{
	(void)state;
	plan("db_insert_rows", 2, OUTCOME_RETRY, 1205);
	assert_int_equal(store_lines("a\nb\n"), OUTCOME_DONE);
	assert_int_equal(fake_db_row_count("raw_log"), 2);
	assert_int_equal(fake_calls("db_open"), 1);
	assert_int_equal(fake_calls("db_insert_rows"), 3);
	assert_int_equal(fake_calls("db_rollback"), 2);
	assert_int_equal(fake_calls("db_commit"), 1);
	assert_true(fake_time_passed_ms() > 0 && served > 0);
	assert_int_equal(status_counter(&page, COUNTER_RETRIES), 2);
}

static void
test_retry_on_a_new_connection(void **state)
{
	(void)state;
	plan("db_insert_rows", 1, OUTCOME_RETRY, 2013);
	assert_int_equal(store_lines("a\nb\n"), OUTCOME_DONE);
	assert_int_equal(fake_db_row_count("raw_log"), 2);
	assert_int_equal(fake_calls("db_open"), 2);
	assert_int_equal(fake_calls("db_check_schema"), 2);
	assert_int_equal(fake_db_connections(), 1);
}

/* Was it committed? The same batch again finds out, and changes nothing if it was. */
static void
test_unknown_commit(void **state)
{
	struct fake_fault fault = {.function = "db_commit",
				   .outcome = OUTCOME_RETRY,
				   .code = 2013,
				   .has_effect = true};

	(void)state;
	fake_fail(&fault);
	assert_int_equal(store_lines("a\nb\n"), OUTCOME_DONE);
	assert_int_equal(fake_db_row_count("raw_log"), 2);
	assert_int_equal(fake_calls("db_commit"), 2);
	assert_int_equal(status_counter(&page, COUNTER_ROWS_KNOWN), 2);
}

static void
test_reject_bisects(void **state)
{
	const struct rejected_line *rejected;
	size_t count;

	(void)state;
	fake_db_refuse("bad", 1406);
	assert_int_equal(store_lines("a\nb\nbad 1\nc\nd\nbad 2\ne\nf\n"), OUTCOME_DONE);
	assert_int_equal(fake_db_row_count("raw_log"), 6);
	rejected = batch_rejected(batch, &count);
	assert_int_equal(count, 2);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(rejected[i].reason, REASON_DB_DATA_TOO_LONG);
		assert_memory_equal(rejected[i].from.line.ptr, "bad ", 4);
		assert_non_null(strstr(rejected[i].detail, "1406"));
	}
	assert_int_equal(served, 0); /* nothing was waited for */
}

/* A transaction that failed half-way is never committed: the fake would notice. */
static void
test_reject_alone(void **state)
{
	size_t count;

	(void)state;
	fake_db_refuse("bad", 1153);
	assert_int_equal(store_lines("bad"), OUTCOME_DONE);
	assert_int_equal(batch_rejected(batch, &count)[0].reason, REASON_DB_PACKET_TOO_BIG);
	assert_int_equal(count, 1);
	assert_int_equal(fake_calls("db_commit"), 0);
	assert_int_equal(fake_calls("db_rollback"), 1);
}

/* What a person has mended, a new connection sees. */
static void
test_fatal_waits(void **state)
{
	(void)state;
	plan("db_insert_rows", 3, OUTCOME_FATAL, 1142);
	assert_int_equal(store_lines("a"), OUTCOME_DONE);
	assert_int_equal(fake_calls("db_open"),
			 4); /* a connection keeps the rights it began with */
	assert_int_equal(fake_db_connections(), 1);
	assert_int_equal(fake_time_passed_ms(), 3 * settings.database.retry_max_ms);
	assert_int_equal(served, 90); /* about every second */
	assert_true(has_row("a"));
}

/* An error that nobody has thought of: a few tries, then as fatal. */
static void
test_unknown_error(void **state)
{
	(void)state;
	plan("db_insert_rows", 5, OUTCOME_RETRY, 9999);
	assert_int_equal(store_lines("a"), OUTCOME_DONE);
	assert_true(fake_time_passed_ms() < settings.database.retry_max_ms);
	batch_finish(batch);
	plan("db_insert_rows", 7, OUTCOME_RETRY, 9999);
	assert_int_equal(store_lines("b"), OUTCOME_DONE);
	assert_true(fake_time_passed_ms() > 2 * settings.database.retry_max_ms);
}

static void
test_interrupted(void **state)
{
	(void)state;
	plan("db_commit", 1000, OUTCOME_RETRY, 1213);
	serve_until = 20;
	assert_int_equal(store_lines("a"), OUTCOME_RETRY);
	assert_int_equal(served, 20);
	assert_int_equal(fake_db_row_count("raw_log"), 0);
}

/* A process that is to stop tries a few times more, without waiting. */
static void
test_stop(void **state)
{
	(void)state;
	process.stop = true;
	plan("db_commit", 1000, OUTCOME_RETRY, 1213);
	assert_int_equal(store_lines("a"), OUTCOME_RETRY);
	assert_int_equal(fake_calls("db_commit"), 4);
	assert_int_equal(fake_time_passed_ms(), 0);
}

static void
test_second_host(void **state)
{
	struct failure failure;

	(void)state;
	settings.database.hosts.count = 2;
	plan("db_open", 1, OUTCOME_RETRY, 2003);
	assert_int_equal(store_connect(store, &failure), OUTCOME_DONE);
	assert_string_equal(store_address(store), "two:3306");
	assert_int_equal(store_connect(store, &failure), OUTCOME_DONE);
	assert_int_equal(fake_calls("db_open"), 2);
}

/* What is opened but of no use is closed: wrong tables, no rights. */
static void
test_connect_fails_half_way(void **state)
{
	struct failure failure;

	(void)state;
	plan("db_check_schema", 1, OUTCOME_FATAL, 1146);
	plan("db_insert_open", 1, OUTCOME_FATAL, 1142);
	assert_int_equal(store_connect(store, &failure), OUTCOME_FATAL);
	assert_int_equal(fake_db_connections(), 0);
	assert_int_equal(store_connect(store, &failure), OUTCOME_FATAL);
	assert_int_equal(fake_db_connections(), 0);
	assert_string_equal(store_address(store), "");
	assert_int_equal(store_connect(store, &failure), OUTCOME_DONE);
}

/* --- a sick database --- */

static void
mend_after_a_while(void)
{
	if (served == 100)
		fake_db_refuse(NULL, 0);
}

static void
store_sick(enum outcome expected, size_t most_rejected)
{
	char body[4000] = "";
	size_t len = 0, rejected;

	for (int i = 0; i < 400; i++)
		len += (size_t)snprintf(body + len, sizeof(body) - len, "bad %d\n", i);
	fake_db_refuse("bad", 1366);
	assert_int_equal(store_lines(body), expected);
	batch_rejected(batch, &rejected);
	assert_true(rejected <= most_rejected);
	if (expected == OUTCOME_DONE)
		assert_int_equal(fake_db_row_count("raw_log") + rejected, 400);
}

/* Good lines are not made dead letters because the database is at fault. */
static void
test_share_limit(void **state)
{
	(void)state;
	serve_until = 100;
	store_sick(OUTCOME_RETRY, 110);
	assert_int_equal(served, 100);
	assert_non_null(strstr(page.last_error.text, "reject_stop_percent"));
}

static void
test_share_limit_mended(void **state)
{
	(void)state;
	on_serve = mend_after_a_while;
	store_sick(OUTCOME_DONE, 120);
}

static void
test_share_limit_off(void **state)
{
	size_t rejected;

	(void)state;
	settings.database.reject_stop_percent = 100;
	store_sick(OUTCOME_DONE, 400);
	batch_rejected(batch, &rejected);
	assert_int_equal(rejected, 400);
}

/* --- what the server refuses by a number that no table lists --- */

static size_t
rejected_count(void)
{
	size_t count;

	batch_rejected(batch, &count);
	return count;
}

/* Single rows are refused, others pass: those are the guilty ones. */
static void
test_refused_rows(void **state)
{
	static const unsigned codes[] = {4025, 3819, 1644, 1526, 1452, 30001};

	for (size_t c = 0; c < ARRAY_LEN(codes); c++) {
		const struct rejected_line *rejected;
		char number[16];
		size_t count;

		tear_down(state);
		set_up(state);
		snprintf(number, sizeof(number), "[%u]", codes[c]);
		fake_db_refuse("bad", codes[c]);
		assert_int_equal(store_lines("a\nb\nbad 1\nc\nd\nbad 2\ne\nf\n"), OUTCOME_DONE);
		assert_int_equal(fake_db_row_count("raw_log"), 6);
		assert_int_equal(status_counter(&page, COUNTER_ROWS_STORED), 6);
		assert_int_equal(status_counter(&page, COUNTER_ROWS_KNOWN), 0);
		rejected = batch_rejected(batch, &count);
		assert_int_equal(count, 2);
		for (size_t i = 0; i < count; i++) {
			assert_int_equal(rejected[i].reason, REASON_DB_REFUSED);
			assert_memory_equal(rejected[i].from.line.ptr, "bad ", 4);
			assert_non_null(strstr(rejected[i].detail, number));
		}
		assert_int_equal(served, 0); /* nothing was waited for */
	}
}

static char sick_text[STATUS_TEXT_MAX];

static void
note_text_then_mend(void)
{
	status_read_text(&page.last_error, sick_text, sizeof(sick_text));
	mend_after_a_while();
}

/* Every row is refused: the server is sick, and nothing is a dead letter for that. */
static void
test_every_row_is_refused(void **state)
{
	(void)state;
	fake_db_refuse("", 1644);
	on_serve = note_text_then_mend;
	assert_int_equal(store_lines("a\nb\nc\nd\ne\n"), OUTCOME_DONE);
	assert_int_equal(rejected_count(), 0);
	assert_int_equal(fake_db_row_count("raw_log"), 5);
	assert_non_null(strstr(sick_text, "refuses every row that was tried (5 of 5 in hand)"));
	assert_non_null(strstr(sick_text, "[1644]"));
	assert_string_equal(page.last_error.text, "");
	assert_int_equal(atomic_load(&page.storing_since_ms), 0);
	assert_true(fake_calls("db_open") > 1); /* it may be the session that is sick */
}

static void
test_every_row_is_refused_and_it_stops(void **state)
{
	(void)state;
	fake_db_refuse("", 4025);
	process.stop = true;
	assert_int_equal(store_lines("a\nb\nc\n"), OUTCOME_RETRY);
	assert_int_equal(rejected_count(), 0);
	assert_int_equal(fake_time_passed_ms(), 0);
	assert_int_equal(atomic_load(&page.storing_since_ms), 0);
}

/* A sick time of any length, from any statement on, makes no good line a dead letter. */
static void
test_falls_sick_in_between(void **state)
{
	for (unsigned nth = 1; nth <= 30; nth++) {
		for (unsigned times = 1; times <= 30; times++) {
			struct fake_fault fault = {.function = "db_insert_rows",
						   .nth = nth,
						   .times = times,
						   .outcome = OUTCOME_REJECT,
						   .reason = REASON_DB_REFUSED,
						   .code = 1644};

			tear_down(state);
			set_up(state);
			fake_db_refuse("bad", 4025);
			fake_fail(&fault);
			assert_int_equal(store_lines("a\nb\nbad\nc\nd\ne\n"), OUTCOME_DONE);
			assert_int_equal(fake_db_row_count("raw_log"), 5);
			assert_int_equal(rejected_count(), 1);
			assert_memory_equal(batch_rejected(batch, &(size_t){0})[0].from.line.ptr,
					    "bad", 3);
		}
	}
}

/* Nor do two of them: who is refused in both is judged while the server takes others. */
static void
test_falls_sick_twice(void **state)
{
	for (unsigned first = 1; first <= 20; first++) {
		for (unsigned second = first + 2; second <= 40; second++) {
			struct fake_fault fault = {.function = "db_insert_rows",
						   .nth = first,
						   .times = second - first - 1,
						   .outcome = OUTCOME_REJECT,
						   .reason = REASON_DB_REFUSED,
						   .code = 1644};

			tear_down(state);
			set_up(state);
			fake_db_refuse("bad", 4025);
			fake_fail(&fault);
			fault.nth = second;
			fault.times = 5;
			fake_fail(&fault);
			assert_int_equal(store_lines("a\nb\nbad\nc\nd\ne\n"), OUTCOME_DONE);
			assert_int_equal(rejected_count(), 1);
			assert_int_equal(fake_db_row_count("raw_log"), 5);
		}
	}
}

static void
store_good(void)
{
	assert_int_equal(store_lines("good\n"), OUTCOME_DONE);
	batch_finish(batch);
}

static void
another_comes(void)
{
	if (served != 200)
		return;
	fake_broker_put_text("q", "c\n");
	batch_add_delivery(batch, fake_broker_look("q", fake_broker_ready("q") - 1));
}

/* A row that is alone: after some seconds the newest row of the table tells whose fault it is. */
static void
test_refused_alone(void **state)
{
	(void)state;
	store_good();
	fake_db_refuse("bad", 4025);
	assert_int_equal(store_lines("bad 1"), OUTCOME_DONE);
	assert_int_equal(rejected_count(), 1);
	assert_int_equal(batch_rejected(batch, &(size_t){0})[0].reason, REASON_DB_REFUSED);
	assert_true(fake_time_passed_ms() > 3000 && fake_time_passed_ms() < 60000);
	assert_string_equal(page.last_error.text, "");
	batch_finish(batch);

	/* not twice on the same evidence: the second waits until another line has come */
	served = 0;
	on_serve = another_comes;
	assert_int_equal(store_lines("bad 2"), OUTCOME_DONE);
	assert_true(served >= 200);
	assert_int_equal(rejected_count(), 1);
	assert_int_equal(batch_line_count(batch), 2);
	assert_true(has_row("c") && has_row("good"));
	batch_finish(batch);

	/* now a row has been stored since */
	assert_int_equal(store_lines("bad 3"), OUTCOME_DONE);
	assert_int_equal(rejected_count(), 1);
}

/* The first line ever: there is no row to ask, so it waits for the next one. */
static void
test_refused_alone_in_an_empty_table(void **state)
{
	(void)state;
	fake_db_refuse("bad", 1644);
	on_serve = another_comes;
	assert_int_equal(store_lines("bad"), OUTCOME_DONE);
	assert_true(served >= 200);
	assert_int_equal(rejected_count(), 1);
	assert_true(has_row("c"));
}

/* The newest row is refused as well, or it says nothing: as it is from before midnight. */
static void
test_refused_alone_by_a_sick_server(void **state)
{
	static const struct {
		const char *refused;
		unsigned code;
	} sick[] = {{"", 1644}, {"line", 1526}};

	for (size_t i = 0; i < ARRAY_LEN(sick); i++) {
		tear_down(state);
		set_up(state);
		store_good();
		fake_db_refuse(sick[i].refused, sick[i].code);
		served = 0;
		on_serve = note_text_then_mend;
		assert_int_equal(store_lines("line"), OUTCOME_DONE);
		assert_int_equal(rejected_count(), 0);
		assert_true(has_row("line"));
		assert_non_null(strstr(sick_text, "refuses the only row in hand"));
	}
}

/* The share limit stays above: many rows are refused, and some pass. */
static void
test_share_limit_of_refused(void **state)
{
	char body[4000] = "";
	size_t len = 0;

	(void)state;
	for (int i = 0; i < 300; i++)
		len += (size_t)snprintf(body + len, sizeof(body) - len, "%s %d\n",
					i % 4 == 0 ? "fine" : "bad", i);
	fake_db_refuse("bad", 4025);
	serve_until = 100;
	assert_int_equal(store_lines(body), OUTCOME_RETRY);
	assert_non_null(strstr(page.last_error.text, "reject_stop_percent"));
	assert_true(rejected_count() < 110);
	tear_down(state);
	set_up(state);
	settings.database.reject_stop_percent = 100;
	fake_db_refuse("bad", 4025);
	assert_int_equal(store_lines(body), OUTCOME_DONE);
	assert_int_equal(rejected_count(), 225);
	assert_int_equal(fake_db_row_count("raw_log"), 75);
}

/* One good row among hundreds: others are asked at each try, until it is found. */
static void
test_few_are_taken(void **state)
{
	char body[4000] = "";
	size_t len = 0;

	(void)state;
	settings.database.reject_stop_percent = 100;
	for (int i = 0; i < 200; i++)
		len += (size_t)snprintf(body + len, sizeof(body) - len, "bad %d\n", i);
	snprintf(body + len, sizeof(body) - len, "fine\n");
	fake_db_refuse("bad", 4025);
	assert_int_equal(store_lines(body), OUTCOME_DONE);
	assert_int_equal(rejected_count(), 200);
	assert_true(has_row("fine"));
}

/* --- every call fails once --- */

static void
test_each_call_fails(void **state)
{
	static const struct fake_fault faults[] = {
		{.outcome = OUTCOME_RETRY, .code = 2006},
		{.outcome = OUTCOME_RETRY, .code = 2013, .has_effect = true},
		{.outcome = OUTCOME_RETRY, .code = 1205, .times = 2},
		{.outcome = OUTCOME_FATAL, .code = 1142},
	};
	unsigned calls = 1;

	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		for (unsigned n = 1; n <= calls; n++) {
			struct fake_fault fault = faults[i];
			size_t rejected;

			tear_down(state);
			set_up(state);
			fake_db_refuse("bad", 1406);
			fault.nth = n;
			fake_fail(&fault);
			assert_int_equal(store_lines("a\nb\nbad\nc\nd\n"), OUTCOME_DONE);
			assert_true(has_row("a") && has_row("b") && has_row("c") && has_row("d"));
			assert_int_equal(fake_db_row_count("raw_log"), 4);
			batch_rejected(batch, &rejected);
			assert_int_equal(rejected, 1);
			calls = MAX(calls, fake_calls(NULL));
		}
	}
	assert_true(calls >= 10);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_done),
		TEST(test_retry_on_the_connection),
		TEST(test_retry_on_a_new_connection),
		TEST(test_unknown_commit),
		TEST(test_reject_bisects),
		TEST(test_reject_alone),
		TEST(test_fatal_waits),
		TEST(test_unknown_error),
		TEST(test_interrupted),
		TEST(test_stop),
		TEST(test_second_host),
		TEST(test_connect_fails_half_way),
		TEST(test_share_limit),
		TEST(test_share_limit_mended),
		TEST(test_share_limit_off),
		TEST(test_refused_rows),
		TEST(test_every_row_is_refused),
		TEST(test_every_row_is_refused_and_it_stops),
		TEST(test_falls_sick_in_between),
		TEST(test_falls_sick_twice),
		TEST(test_refused_alone),
		TEST(test_refused_alone_in_an_empty_table),
		TEST(test_refused_alone_by_a_sick_server),
		TEST(test_share_limit_of_refused),
		TEST(test_few_are_taken),
		TEST(test_each_call_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
