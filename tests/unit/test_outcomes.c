/* SPDX-License-Identifier: MIT */
/*
 * test_outcomes.c - what an error of the database or the broker leads to, over the whole lists of
 * the design, and the helpers around it: back-off, nearest word, reasons.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "common/base/backoff.h"
#include "common/broker/broker_errors.h"
#include "common/database/db_errors.h"
#include "common/base/nearest.h"
#include "common/message/reason.h"

static void
assert_outcome(unsigned number, enum outcome outcome)
{
	struct failure failure;

	memset(&failure, 0, sizeof(failure));
	db_classify_error(number, &failure);
	if (failure.outcome != outcome)
		fail_msg("%u: %s instead of %s", number, outcome_name(failure.outcome),
			 outcome_name(outcome));
	assert_int_equal(failure.code, number);
	assert_true(db_error_is_known(number));
	if (outcome == OUTCOME_REJECT)
		assert_int_not_equal(failure.reason, REASON_NONE);
	else
		assert_int_equal(failure.reason, REASON_NONE);
}

static void
test_database_errors(void **state)
{
	static const unsigned retry[] = {1205, 1213, 2002, 2003, 2005, 2006, 2013, 2055,
					 1040, 1203, 1226, 1053, 1927, 4031, 1317, 1969,
					 3024, 1290, 1836, 1792, 1114, 1021, 1026, 1030,
					 1037, 1041, 1047, 1158, 1159, 1160, 1161};
	static const unsigned reject[] = {1406, 1366, 1264, 1292, 1048, 1265, 1300, 3988, 1153};
	static const unsigned fatal[] = {1044, 1045, 1049, 1054, 1064, 1129, 1130,
					 1136, 1142, 1146, 1298, 2026, 2059};

	(void)state;
	for (size_t i = 0; i < sizeof(retry) / sizeof(retry[0]); i++)
		assert_outcome(retry[i], OUTCOME_RETRY);
	for (size_t i = 0; i < sizeof(reject) / sizeof(reject[0]); i++)
		assert_outcome(reject[i], OUTCOME_REJECT);
	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		assert_outcome(fatal[i], OUTCOME_FATAL);
}

static void
test_unknown_database_error(void **state)
{
	struct failure failure;

	(void)state;
	memset(&failure, 0, sizeof(failure));
	db_classify_error(9999, &failure);
	assert_int_equal(failure.outcome, OUTCOME_RETRY);
	assert_false(db_error_is_known(9999));
	assert_string_equal(db_error_advice(9999), "");
}

static void
test_broker_replies(void **state)
{
	static const struct {
		int code;
		enum outcome outcome;
		int exit_code;
	} cases[] = {
		{311, OUTCOME_REJECT, EX_DATAERR},    {320, OUTCOME_RETRY, EX_UNAVAILABLE},
		{402, OUTCOME_FATAL, EX_CONFIG},      {403, OUTCOME_FATAL, EX_NOPERM},
		{404, OUTCOME_RETRY, EX_UNAVAILABLE}, {405, OUTCOME_RETRY, EX_UNAVAILABLE},
		{406, OUTCOME_RETRY, EX_UNAVAILABLE}, {501, OUTCOME_RETRY, EX_UNAVAILABLE},
		{502, OUTCOME_RETRY, EX_UNAVAILABLE}, {503, OUTCOME_RETRY, EX_UNAVAILABLE},
		{504, OUTCOME_RETRY, EX_UNAVAILABLE}, {505, OUTCOME_RETRY, EX_UNAVAILABLE},
		{506, OUTCOME_RETRY, EX_UNAVAILABLE}, {530, OUTCOME_FATAL, EX_CONFIG},
		{540, OUTCOME_FATAL, EX_CONFIG},      {541, OUTCOME_RETRY, EX_UNAVAILABLE},
		{999, OUTCOME_RETRY, EX_UNAVAILABLE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct failure failure;

		memset(&failure, 0, sizeof(failure));
		broker_classify_reply(cases[i].code, &failure);
		assert_int_equal(failure.outcome, cases[i].outcome);
		assert_int_equal(failure.exit_code, cases[i].exit_code);
	}
}

static void
test_backoff(void **state)
{
	struct backoff backoff = {.min_ms = 100, .max_ms = 1000};
	static const int64_t full[] = {100, 200, 400, 800, 1000, 1000, 1000};

	(void)state;
	for (int round = 0; round < 50; round++) {
		for (size_t i = 0; i < sizeof(full) / sizeof(full[0]); i++) {
			int64_t delay = backoff_next_ms(&backoff);

			assert_in_range(delay, full[i] / 2, full[i]);
		}
		assert_int_equal(backoff.tries, 7);
		backoff_reset(&backoff);
		assert_int_equal(backoff.tries, 0);
	}
}

static void
test_nearest(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned distance;
	} cases[] = {
		{"", "", 0},
		{"a", "", 1},
		{"", "abc", 3},
		{"abc", "abc", 0},
		{"abc", "abd", 1},
		{"abc", "acb", 1},
		{"kitten", "sitting", 3},
		{"workers", "worker", 1},
	};
	struct nearest nearest = {.word = "satus"}, far = {.word = "x"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(nearest_distance(cases[i].a, cases[i].b), cases[i].distance);
	nearest_consider(&nearest, "scale");
	nearest_consider(&nearest, "status");
	nearest_consider(&nearest, "start");
	assert_string_equal(nearest.best, "status");
	nearest_consider(&far, "reload");
	assert_null(far.best);
}

static void
test_reasons(void **state)
{
	(void)state;
	for (int r = REASON_NONE + 1; r < REASON_COUNT; r++) {
		const char *name = reason_name((enum reason)r);

		assert_non_null(strchr(name, '.'));
		assert_true(strlen(reason_meaning((enum reason)r)) > 10);
		for (int other = REASON_NONE; other < r; other++)
			assert_string_not_equal(name, reason_name((enum reason)other));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_database_errors),
		cmocka_unit_test(test_unknown_database_error),
		cmocka_unit_test(test_broker_replies),
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
