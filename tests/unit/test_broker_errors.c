/* SPDX-License-Identifier: MIT */
/*
 * test_broker_errors.c - what a reply code of the broker leads to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "common/base/defs.h"
#include "common/broker/broker_errors.h"

static void
test_reply_codes(void **state)
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
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
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
		cmocka_unit_test(test_reply_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
