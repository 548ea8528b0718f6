/* SPDX-License-Identifier: MIT */
/*
 * test_delivery_limit.c - a limit is found before a letter is touched, and nothing stays behind.
 */
#include "common/broker/delivery_limit.h"
#include "tests/fakes/fake_broker.h"
#include "tests/fakes/fake_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sysexits.h>
#include <cmocka.h>

#define DEAD "queue-data-clean.dead"

static char vhost[] = "logs";
static const struct broker_settings settings = {.vhost = vhost};
static struct failure failure;

static int
setup(void **state)
{
	(void)state;
	fake_reset();
	fake_broker_reset();
	fake_broker_add_queue(DEAD);
	fake_broker_put_text(DEAD, "letter");
	fake_time_start(1000000);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fake_time_stop();
	return fake_broker_connections() == 0 ? 0 : -1;
}

static void
assert_check(enum outcome expected)
{
	struct delivery *letter;

	assert_int_equal(delivery_limit_check(&settings, DEAD, "test", &failure), expected);
	letter = fake_broker_look(DEAD, 0);
	assert_non_null(letter);
	assert_int_equal(letter->delivery_count, 0);
	delivery_free(&letter);
	assert_int_equal(fake_broker_ready(DEAD), 1);
}

static void
assert_limit(const char *limit, const char *command)
{
	assert_check(OUTCOME_FATAL);
	assert_int_equal(failure.exit_code, EX_CONFIG);
	assert_non_null(strstr(failure.text, "queue " DEAD " has a delivery limit of "));
	assert_non_null(strstr(failure.text, limit));
	assert_non_null(strstr(failure.text, "rabbitmqctl -p logs set_policy "));
	assert_non_null(strstr(failure.text, command));
	assert_int_equal(fake_calls("broker_delete_queue"), 1);
}

static void
test_none(void **state)
{
	(void)state;
	assert_check(OUTCOME_DONE);
	assert_int_equal(fake_calls("broker_deliver_once"), 22);
	assert_int_equal(fake_calls("broker_delete_queue"), 1);
	assert_true(fake_time_passed_ms() < 100);
}

/* Made by 3.x, which has no limit by itself; 4 has one, and a policy takes it away. */
static void
test_bare(void **state)
{
	(void)state;
	fake_broker_set_bare(DEAD);
	assert_limit(" of 20:", "{\"delivery-limit\": -1}");
	fake_broker_set_policy_limit(-1);
	assert_check(OUTCOME_DONE);
	fake_broker_set_policy_limit(0);
	fake_broker_set_major(3);
	assert_check(OUTCOME_DONE);
}

/* A policy for all queues wins over the argument -1. */
static void
test_policy(void **state)
{
	(void)state;
	fake_broker_set_policy_limit(5);
	assert_limit(" of 5:", "{\"delivery-limit\": -1}");
	fake_broker_set_policy_limit(1000000000);
	assert_check(OUTCOME_DONE);
}

/* -1 is not known there. */
static void
test_policy_on_3(void **state)
{
	(void)state;
	fake_broker_set_major(3);
	fake_broker_set_policy_limit(1);
	assert_limit(" of 1:", "{\"delivery-limit\": 1000000000}");
}

/* Who must not declare cannot try it. */
static void
test_must_not_declare(void **state)
{
	(void)state;
	for (int major = 3; major <= 4; major++) {
		fake_broker_set_major(major);
		fake_fail(&(struct fake_fault){.function = "broker_try_declare_queue",
					       .outcome = OUTCOME_FATAL,
					       .code = 403});
		assert_check(major == 3 ? OUTCOME_DONE : OUTCOME_FATAL);
	}
}

static void
test_alarm(void **state)
{
	(void)state;
	fake_broker_set_alarm(true);
	assert_check(OUTCOME_RETRY);
	assert_non_null(strstr(failure.text, "it has an alarm"));
	fake_broker_set_alarm(false);
	assert_check(OUTCOME_DONE);
}

static void
test_each_call_fails(void **state)
{
	bool failed = true;
	unsigned n;

	for (n = 1; failed; n++) {
		setup(state);
		fake_fail(&(struct fake_fault){.nth = n, .outcome = OUTCOME_RETRY});
		failed = delivery_limit_check(&settings, DEAD, "test", &failure) != OUTCOME_DONE;
		assert_int_equal(failed, fake_calls(NULL) >= n);
		assert_int_equal(teardown(state), 0);
	}
	assert_true(n > 25);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bare, setup, teardown),
		cmocka_unit_test_setup_teardown(test_policy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_policy_on_3, setup, teardown),
		cmocka_unit_test_setup_teardown(test_must_not_declare, setup, teardown),
		cmocka_unit_test_setup_teardown(test_alarm, setup, teardown),
		cmocka_unit_test(test_each_call_fails),
	};

	return cmocka_run_group_tests_name("delivery_limit", tests, NULL, NULL);
}
