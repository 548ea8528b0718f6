/* SPDX-License-Identifier: MIT */
/*
 * test_reason.c - every reason has a name of its own.
 */
#include "common/message/reason.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static void
test_reasons(void **state)
{
	(void)state;
	for (int r = REASON_NONE + 1; r < REASON_COUNT; r++) {
		const char *name = reason_name((enum reason)r);

		assert_non_null(strchr(name, '.'));
		for (int other = REASON_NONE; other < r; other++)
			assert_string_not_equal(name, reason_name((enum reason)other));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reasons),
	};

	return cmocka_run_group_tests_name("reason", tests, NULL, NULL);
}
