/* SPDX-License-Identifier: MIT */
/*
 * test_backoff.c - how long the tries are apart.
 */
#include "common/base/backoff.h"
#include "tests/unit/assert_between.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* The delays double up to the largest, each with a jitter of at most half of it. */
static void
test_delays(void **state)
{
	struct backoff backoff = {.min_ms = 100, .max_ms = 1000};
	static const int64_t full[] = {100, 200, 400, 800, 1000, 1000, 1000};

	(void)state;
	for (int round = 0; round < 50; round++) {
		for (size_t i = 0; i < sizeof(full) / sizeof(full[0]); i++) {
			int64_t delay = backoff_next_ms(&backoff);

			assert_between(delay, full[i] / 2, full[i]);
		}
		assert_int_equal(backoff.tries, 7);
		backoff_reset(&backoff);
		assert_int_equal(backoff.tries, 0);
	}
}

/* The jitter spreads: of many tries at the cap, some are short and some are long. */
static void
test_jitter_spreads(void **state)
{
	int64_t least = INT64_MAX, most = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct backoff backoff = {.min_ms = 1000, .max_ms = 1000};
		int64_t delay = backoff_next_ms(&backoff);

		least = delay < least ? delay : least;
		most = delay > most ? delay : most;
	}
	assert_between(least, 500, 600);
	assert_between(most, 900, 1000);
}

/* A smallest delay above the largest one does not get past it. */
static void
test_cap_is_kept(void **state)
{
	struct backoff backoff = {.min_ms = 5000, .max_ms = 100};

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_between(backoff_next_ms(&backoff), 50, 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delays),
		cmocka_unit_test(test_jitter_spreads),
		cmocka_unit_test(test_cap_is_kept),
	};

	return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
