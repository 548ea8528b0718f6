/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_group.c - patterns of details, and the names of groups.
 */
#include "supervisor/dlq/dlq_group.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
test_patterns(void **state)
{
	static const struct {
		const char *detail, *pattern;
	} cases[] = {
		{"format ezproxy, byte 17: expected a time",
		 "format ezproxy, byte N: expected a time"},
		{"format \"x y\" of the message is unknown",
		 "format \"*\" of the message is unknown"},
		{"one \" alone 12.5", "one \" alone N.N"},
		{"\x1b[31m\xff", "?[Nm?"},
		{"", ""},
	};
	char pattern[DLQ_PATTERN_SIZE], group[DLQ_GROUP_SIZE];
	uint32_t number, parsed;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		dlq_group_pattern(span_of(cases[i].detail), pattern);
		assert_string_equal(pattern, cases[i].pattern);
	}
	number = dlq_group_number(STAGE_CLEAN, SPAN_LITERAL("parse.no_match"), "x");
	assert_true(number != dlq_group_number(STAGE_LAKE, SPAN_LITERAL("parse.no_match"), "x"));
	assert_int_equal(dlq_group_parse(dlq_group_text(number, group), &parsed), 0);
	assert_int_equal(parsed, number);
	assert_int_equal(dlq_group_parse("g12", &parsed), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns),
	};

	return cmocka_run_group_tests_name("dlq_group", tests, NULL, NULL);
}
