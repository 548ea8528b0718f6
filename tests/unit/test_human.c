/* SPDX-License-Identifier: MIT */
/*
 * test_human.c - durations and large numbers as people read them.
 */
#include "supervisor/shared/human.h"
#include "common/base/defs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
test_for_people(void **state UNUSED)
{
	char text[32];

	assert_string_equal(human_duration(0, text, sizeof(text)), "0.0s");
	assert_string_equal(human_duration(-5, text, sizeof(text)), "0.0s");
	assert_string_equal(human_duration(59999, text, sizeof(text)), "59s");
	assert_string_equal(human_duration(303000, text, sizeof(text)), "5m03s");
	assert_string_equal(human_duration(7380000, text, sizeof(text)), "2h03m");
	assert_string_equal(human_duration(183600000, text, sizeof(text)), "2d03h");
	assert_string_equal(human_count(9999, text, sizeof(text)), "9999");
	assert_string_equal(human_count(10000, text, sizeof(text)), "10.0k");
	assert_string_equal(human_count(999950, text, sizeof(text)), "1.0M");
	assert_string_equal(human_count(71200000, text, sizeof(text)), "71.2M");
	assert_string_equal(human_count(UINT64_MAX, text, sizeof(text)), "18.4E");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_for_people),
	};

	return cmocka_run_group_tests_name("human", tests, NULL, NULL);
}
