/* SPDX-License-Identifier: MIT */
/*
 * test_outage.c - what the log and the status say of a server that is away, and when.
 */
#include "common/process/outage.h"
#include "common/base/log.h"
#include "tests/fakes/fake_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MIN_MS = 100, MAX_MS = 5000 };

static struct outage outage;
static struct status_page page;
static char logged[4096]; /* warnings */

static int
set_up(void **state)
{
	(void)state;
	outage = (struct outage){.backoff = {.min_ms = MIN_MS, .max_ms = MAX_MS}};
	memset(&page, 0, sizeof(page));
	status_set_report(&page, REPORT_READY);
	fake_time_start(INT64_C(3600) * 1000);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	log_capture(NULL, 0);
	fake_time_stop();
	return 0;
}

/* Note a failure; logged has what was said of it. */
static int64_t
note(enum outcome outcome)
{
	struct failure failure;

	failure_set(&failure, outcome, EX_UNAVAILABLE, "database: away");
	log_capture(logged, sizeof(logged));
	return outage_note(&outage, &failure, &page);
}

static void
test_once_and_then_once_a_minute(void **state)
{
	(void)state;
	note(OUTCOME_RETRY);
	assert_non_null(strstr(logged, "database: away; trying again, the next time in 0."));
	for (int second = 1; second < 60; second++) {
		fake_time_advance(1000);
		note(OUTCOME_RETRY);
		assert_string_equal(logged, "");
	}
	fake_time_advance(1000);
	note(OUTCOME_RETRY);
	assert_string_equal(logged, "database: away; for 60 s now, still trying\n");
	note(OUTCOME_RETRY);
	assert_string_equal(logged, "");
	assert_int_equal(status_counter(&page, COUNTER_RETRIES), 62);
}

/* What only a person can mend is another thing, and said at once. */
static void
test_other_outcome(void **state)
{
	(void)state;
	note(OUTCOME_RETRY);
	fake_time_advance(2000);
	assert_int_equal(note(OUTCOME_FATAL), MAX_MS);
	assert_string_equal(logged, "database: away; for 2 s now, still trying\n");
	note(OUTCOME_FATAL);
	assert_string_equal(logged, "");
}

static void
test_waits_grow(void **state)
{
	int64_t wait_ms = 0;

	(void)state;
	wait_ms = note(OUTCOME_RETRY);
	assert_true(wait_ms >= MIN_MS / 2 && wait_ms <= MIN_MS);
	for (int i = 0; i < 10; i++)
		wait_ms = note(OUTCOME_RETRY);
	assert_true(wait_ms >= MAX_MS / 2 && wait_ms <= MAX_MS);
	outage_over(&outage, "the database answers", &page);
	assert_true(note(OUTCOME_RETRY) <= MIN_MS);
}

static void
test_status(void **state)
{
	(void)state;
	note(OUTCOME_RETRY);
	assert_int_equal(atomic_load(&page.report), REPORT_WAITING);
	assert_string_equal(page.last_error.text, "database: away");
	outage_over(&outage, "the database answers", &page);
	assert_int_equal(atomic_load(&page.report), REPORT_READY);
	assert_string_equal(page.last_error.text, "");

	/* Over when nothing was: another's error stays. */
	status_set_error(&page, "something else");
	outage_over(&outage, "the database answers", &page);
	assert_string_equal(page.last_error.text, "something else");

	/* A process that drains goes on draining. */
	status_set_report(&page, REPORT_DRAINING);
	note(OUTCOME_RETRY);
	assert_int_equal(atomic_load(&page.report), REPORT_DRAINING);
	outage_over(&outage, "the database answers", &page);
	assert_int_equal(atomic_load(&page.report), REPORT_DRAINING);
}

int
main(void)
{
#define OUTAGE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		OUTAGE_TEST(test_once_and_then_once_a_minute),
		OUTAGE_TEST(test_other_outcome),
		OUTAGE_TEST(test_waits_grow),
		OUTAGE_TEST(test_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
