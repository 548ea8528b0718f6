/* SPDX-License-Identifier: MIT */
/*
 * test_db_errors.c - what an error of the database leads to, over the whole list of the design.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "common/base/defs.h"
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
test_known(void **state)
{
	static const unsigned retry[] = {
		1205, 1213, 2002, 2003, 2005, 2006, 2013, 2055, 1040, 1203, 1226, 1053, 1927, 4031,
		1317, 1969, 3024, 1290, 1836, 1792, 1114, 1021, 1026, 1030, 1037, 1041, 1047, 1158,
		1159, 1160, 1161, 1180, 1206, 1223, 1637, 3101, 3169, 3572, 4145, 2012};
	static const unsigned reject[] = {1406, 1366, 1264, 1292, 1048, 1265, 1300, 3988, 1153};
	static const unsigned fatal[] = {1044, 1045, 1049, 1054, 1064, 1129, 1130, 1136,
					 1142, 1146, 1298, 2026, 2059, 2061, 3159};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(retry); i++)
		assert_outcome(retry[i], OUTCOME_RETRY);
	for (size_t i = 0; i < ARRAY_LEN(reject); i++)
		assert_outcome(reject[i], OUTCOME_REJECT);
	for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
		assert_outcome(fatal[i], OUTCOME_FATAL);
}

static void
test_unknown(void **state)
{
	struct failure failure;

	(void)state;
	memset(&failure, 0, sizeof(failure));
	db_error_classify(9999, &failure);
	assert_int_equal(failure.outcome, OUTCOME_RETRY);
	assert_false(db_error_is_known(9999));
	assert_string_equal(db_error_advice(9999), "");
}

/* After these the connection is of no use; after a lock or a full disk it still is. */
static void
test_lost(void **state)
{
	static const unsigned lost[] = {2002, 2003, 2006, 2013, 2055, 1927,
					1053, 4031, 3169, 3032, 2014};
	static const unsigned good[] = {1205, 1213, 1114, 1040, 1406, 1146, 9999, 0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lost); i++)
		assert_true(db_error_is_lost(lost[i]));
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_false(db_error_is_lost(good[i]));
}

/* About the rows, or about the server: only the store can find out. The client's own words are not. */
static void
test_refusal(void **state)
{
	static const unsigned refusals[] = {4025, 3819, 1644, 1526, 1369,  1451,  1452,
					    1305, 1449, 1690, 1748, 30001, 65535, 2027};
	static const unsigned others[] = {0, 999, 1205, 1406, 1146, 2000, 2014, 2062, 2999, 5014};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
		assert_true(db_error_is_refusal(refusals[i], "HY000"));
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		assert_false(db_error_is_refusal(others[i], "HY000"));
		assert_true(db_error_is_refusal(others[i], "45000")); /* SIGNAL's */
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
