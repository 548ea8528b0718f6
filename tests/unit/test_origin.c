/* SPDX-License-Identifier: MIT */
/*
 * test_origin.c - the place of a line as a number: the one that stands in tables for years.
 */
#include "common/message/origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define FILE_ID SPAN_LITERAL("0123456789abcdef")

/* If one of these changes, rows that are stored already are stored a second time. */
static void
test_never_changes(void **state)
{
	(void)state;
	assert_int_equal(origin_of(FILE_ID, 0), UINT64_C(0x5ff6c45c9b635362));
	assert_int_equal(origin_of(FILE_ID, 1), UINT64_C(0x026bc13f53ab24b3));
	assert_int_equal(origin_of(SPAN_LITERAL("f"), INT64_MAX), UINT64_C(0x6dd76497a06aed83));
}

static void
test_no_place(void **state)
{
	(void)state;
	assert_int_equal(origin_of(SPAN_NULL, 5), 0);
	assert_int_equal(origin_of(FILE_ID, -1), 0);
	assert_int_not_equal(origin_of(SPAN_LITERAL(""), 5), 0);
}

/* Lines of one file never share a number: both steps of the hash can be undone. */
static void
test_offsets_differ(void **state)
{
	uint64_t seen[1000];

	(void)state;
	for (int64_t i = 0; i < 1000; i++) {
		seen[i] = origin_of(FILE_ID, i * 250);
		for (int64_t before = 0; before < i; before++)
			assert_int_not_equal(seen[before], seen[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_never_changes),
		cmocka_unit_test(test_no_place),
		cmocka_unit_test(test_offsets_differ),
	};

	return cmocka_run_group_tests_name("origin", tests, NULL, NULL);
}
