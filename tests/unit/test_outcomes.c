/* SPDX-License-Identifier: MIT */
/*
 * test_outcomes.c - what an error of the database or the broker leads to, over the whole lists of
 * the design.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "common/broker/broker_errors.h"
#include "common/database/db_errors.h"
#include "common/message/reason.h"

static void
assert_outcome(unsigned number, enum outcome outcome)
{
	struct failure failure;

	memset(&failure, 0, sizeof(failure));
	db_error_classify(number, &failure);
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
	db_error_classify(9999, &failure);
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
		broker_error_classify(cases[i].code, &failure);
		assert_int_equal(failure.outcome, cases[i].outcome);
		assert_int_equal(failure.exit_code, cases[i].exit_code);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_database_errors),
		cmocka_unit_test(test_unknown_database_error),
		cmocka_unit_test(test_broker_replies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
