/* SPDX-License-Identifier: MIT */
/*
 * test_alert.c - when a lasting problem is told.
 */
#include "common/base/alert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MINUTE = 60000 };

static void
test_once_a_minute(void **state)
{
	struct alert alert = {0};

	(void)state;
	assert_false(alert_clear(&alert, 0));
	assert_true(alert_raise(&alert, &alert_every_minute, 7, 0));
	assert_false(alert_raise(&alert, &alert_every_minute, 7, 1));
	assert_false(alert_raise(&alert, &alert_every_minute, 7, MINUTE - 1));
	assert_true(alert_raise(&alert, &alert_every_minute, 7, MINUTE));
	assert_false(alert_raise(&alert, &alert_every_minute, 7, 2 * MINUTE - 1));
	assert_true(alert_raise(&alert, &alert_every_minute, 7, 2 * MINUTE));
	assert_int_equal(alert.since_ms, 0);
	assert_int_equal(alert.told_ms, 2 * MINUTE);
}

static void
test_end_is_told_once(void **state)
{
	struct alert alert = {0};

	(void)state;
	assert_true(alert_raise(&alert, &alert_every_minute, 0, 100));
	assert_true(alert_clear(&alert, 200));
	assert_false(alert_clear(&alert, 300));
	assert_false(alert.is_active);
	/* It begins anew: at once. */
	assert_true(alert_raise(&alert, &alert_every_minute, 0, 300));
	assert_int_equal(alert.since_ms, 300);
}

static void
test_other_cause(void **state)
{
	struct alert alert = {0};

	(void)state;
	assert_true(alert_raise(&alert, &alert_every_minute, 1, 100));
	assert_true(alert_raise(&alert, &alert_every_minute, 2, 101));
	assert_false(alert_raise(&alert, &alert_every_minute, 2, 102));
	assert_true(alert_raise(&alert, &alert_every_minute, 1, 103));
	assert_int_equal(alert.since_ms, 100);
}

static void
test_once(void **state)
{
	struct alert alert = {0};

	(void)state;
	assert_true(alert_raise(&alert, &alert_once, 1, 0));
	assert_false(alert_raise(&alert, &alert_once, 1, 1000L * MINUTE));
	assert_true(alert_raise(&alert, &alert_once, 2, 1000L * MINUTE));
}

static void
test_change_and_relapse(void **state)
{
	static const struct alert_policy policy = {.change_ms = 10, .relapse_ms = 60};
	struct alert alert = {0};

	(void)state;
	assert_true(alert_raise(&alert, &policy, 1, 1000));
	/* Another cause too soon: it is neither told nor remembered. */
	assert_false(alert_raise(&alert, &policy, 2, 1009));
	assert_int_equal(alert.cause, 1);
	assert_true(alert_raise(&alert, &policy, 2, 1010));
	assert_true(alert_clear(&alert, 1020));
	/* The same one comes back: told when it has outlived the pause, and only then ends again. */
	assert_false(alert_raise(&alert, &policy, 2, 1079));
	assert_false(alert_clear(&alert, 1079));
	assert_true(alert_raise(&alert, &policy, 2, 1080));
	assert_true(alert_clear(&alert, 1081));
	/* Another one need not wait for that. */
	assert_true(alert_raise(&alert, &policy, 3, 1091));
}

static void
test_cause_of_text(void **state)
{
	uint64_t cause = alert_cause_of("127.0.0.1:5672: no answer for 10 s");

	(void)state;
	assert_true(cause == alert_cause_of("127.0.0.1:45: no answer for 1234 s"));
	assert_true(cause != alert_cause_of("127.0.0.1:45: no answer for 1234 m"));
	assert_true(alert_cause_of("") == alert_cause_of("17"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once_a_minute),	   cmocka_unit_test(test_end_is_told_once),
		cmocka_unit_test(test_other_cause),	   cmocka_unit_test(test_once),
		cmocka_unit_test(test_change_and_relapse), cmocka_unit_test(test_cause_of_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
