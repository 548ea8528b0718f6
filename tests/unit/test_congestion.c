/* SPDX-License-Identifier: MIT */
/*
 * test_congestion.c - how a refusal stops the sending, and confirms let it grow again.
 */
#include "producer/congestion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MIN_MS = 100, MAX_MS = 1000 };

static struct congestion
connected(size_t capacity)
{
	struct congestion congestion;

	congestion_init(&congestion, capacity, MIN_MS, MAX_MS);
	congestion_connected(&congestion);
	return congestion;
}

static void
test_without_refusal(void **state)
{
	struct congestion congestion = connected(4);

	(void)state;
	assert_true(congestion_allows(&congestion, 3, 1));
	assert_false(congestion_allows(&congestion, 4, 1));
	assert_true(congestion_confirmed(&congestion, 2, 0, 1));
	assert_int_equal(congestion.limit, 4);
	assert_false(congestion_is_lasting(&congestion, 1000000));
	assert_false(congestion_wants_renewal(&congestion, 1000000));
}

static void
test_refusal_and_slow_start(void **state)
{
	struct congestion congestion = connected(4);
	int64_t now_ms = 5000;

	(void)state;
	congestion_refused(&congestion, now_ms);
	assert_true(congestion_is_paused(&congestion, now_ms));
	assert_false(congestion_allows(&congestion, 0, now_ms));
	now_ms = congestion.pause_until_ms;
	assert_true(now_ms > 5000 && now_ms <= 5000 + MIN_MS);
	assert_true(congestion_allows(&congestion, 0, now_ms));
	assert_false(congestion_allows(&congestion, 1, now_ms));
	assert_true(congestion_confirmed(&congestion, 1, 0, now_ms));
	assert_int_equal(congestion.limit, 2);
	assert_true(congestion_confirmed(&congestion, 2, 0, now_ms));
	assert_true(congestion_confirmed(&congestion, 4, 0, now_ms));
	assert_int_equal(congestion.limit, 4);
}

/* A burst of refusals is one: the pause neither grows nor starts anew. */
static void
test_burst_is_one_refusal(void **state)
{
	struct congestion congestion = connected(4);
	int64_t until_ms;

	(void)state;
	congestion_refused(&congestion, 5000);
	until_ms = congestion.pause_until_ms;
	for (int i = 0; i < 20; i++)
		congestion_refused(&congestion, 5001);
	assert_int_equal(congestion.pause_until_ms, until_ms);
	assert_int_equal(congestion.backoff.tries, 1);
	/* A later one makes it longer, up to the most. */
	for (int i = 0; i < 20; i++)
		congestion_refused(&congestion, congestion.pause_until_ms);
	assert_int_equal(congestion.backoff.tries, 21);
	congestion_refused(&congestion, until_ms = congestion.pause_until_ms);
	assert_true(congestion.pause_until_ms - until_ms >= MAX_MS / 2);
	assert_true(congestion.pause_until_ms - until_ms <= MAX_MS);
}

/* Confirms that say nothing about the broker's mind. */
static void
test_no_sign_of_flow(void **state)
{
	struct congestion congestion = connected(4);

	(void)state;
	congestion_refused(&congestion, 5000);
	assert_false(congestion_confirmed(&congestion, 1, 0, 5001)); /* of before the pause */
	assert_false(congestion_confirmed(&congestion, 0, 0, 10000));
	assert_false(congestion_confirmed(&congestion, 1, 1, 10000)); /* some came back */
	assert_int_equal(congestion.since_ms, 5000);
	assert_true(congestion_confirmed(&congestion, 1, 0, 10000));
	assert_int_equal(congestion.since_ms, 0);
}

static void
test_lasting_over_connections(void **state)
{
	struct congestion congestion = connected(4);

	(void)state;
	congestion_refused(&congestion, 5000);
	assert_false(congestion_is_lasting(&congestion, 5000 + CONGESTION_LASTING_MS - 1));
	assert_true(congestion_is_lasting(&congestion, 5000 + CONGESTION_LASTING_MS));
	assert_false(congestion_wants_renewal(&congestion, 5000 + CONGESTION_RENEW_MS - 1));
	assert_true(congestion_wants_renewal(&congestion, 5000 + CONGESTION_RENEW_MS));

	/* The new connection starts with one message, and gets as long as the old one had. */
	congestion_disconnected(&congestion);
	assert_false(congestion_is_paused(&congestion, 5001));
	congestion_connected(&congestion);
	assert_int_equal(congestion.limit, 1);
	assert_true(congestion_is_lasting(&congestion, 70000));
	assert_false(congestion_wants_renewal(&congestion, 1000000));
	congestion_refused(&congestion, 70000);
	assert_true(congestion_wants_renewal(&congestion, 70000 + CONGESTION_RENEW_MS));

	/* One that was not refused starts with all. */
	assert_true(congestion_confirmed(&congestion, 1, 0, 80000));
	congestion_connected(&congestion);
	assert_int_equal(congestion.limit, 4);
}

static void
test_pause(void **state)
{
	struct congestion congestion = connected(4);

	(void)state;
	congestion_pause(&congestion, 500);
	assert_false(congestion_allows(&congestion, 0, 499));
	assert_true(congestion_allows(&congestion, 3, 500));
	assert_int_equal(congestion.since_ms, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_refusal),
		cmocka_unit_test(test_refusal_and_slow_start),
		cmocka_unit_test(test_burst_is_one_refusal),
		cmocka_unit_test(test_no_sign_of_flow),
		cmocka_unit_test(test_lasting_over_connections),
		cmocka_unit_test(test_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
