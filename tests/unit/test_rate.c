/* SPDX-License-Identifier: MIT */
/*
 * test_rate.c - how fast a counter grows.
 */
#include "supervisor/daemon/rate.h"
#include "common/base/defs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
test_rate(void **state UNUSED)
{
	struct rate rate = {.count = 0};

	assert_true(rate_per_s(&rate, 5) == 0);
	rate_sample(&rate, 100, 1000);
	rate_sample(&rate, 200, 1100); /* too early: not taken */
	assert_true(rate_per_s(&rate, 5) == 0);
	for (unsigned i = 1; i <= 20; i++)
		rate_sample(&rate, 100 + i * 50, 1000 + i * 1000);
	assert_true(rate_per_s(&rate, 5) == 50);
	rate_sample(&rate, 0, 60000); /* a counter gone wild */
	assert_true(rate_per_s(&rate, 5) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rate),
	};

	return cmocka_run_group_tests_name("rate", tests, NULL, NULL);
}
