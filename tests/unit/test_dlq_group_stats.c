/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_group_stats.c - groups being counted.
 */
#include "supervisor/dlq/dlq_group_stats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
test_group_details(void **state)
{
	static const struct {
		const char *detail;
		bool differs;
	} cases[] = {
		{"byte 12 of /tmp/h6/a.log, as [29/Oct/2026]", false},
		{"byte 12 of /tmp/h6/a.log, as [29/Oct/2026]", false},
		{"byte 13 of /tmp/h6/a.log, as [29/Oct/2026]", true},
		{"byte 12 of /tmp/h6/a.log, as [29/Oct/2026]", true},
	};
	struct dlq_group_stats *table = dlq_group_stats_new();
	struct dlq_letter letter = {.queue = STAGE_CLEAN, .reason = SPAN_LITERAL("r")};
	struct dlq_group_row *row;

	(void)state;
	letter.line = SPAN_LITERAL("x");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		letter.detail = span_of(cases[i].detail);
		row = dlq_group_stats_add(table, &letter);
		assert_int_equal(row->letters, i + 1);
		assert_int_equal(row->differs, cases[i].differs);
		assert_true(span_equals((struct span){row->detail, row->detail_len},
					span_of(cases[0].detail)));
	}
	dlq_group_stats_free(&table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_group_details),
	};

	return cmocka_run_group_tests_name("dlq_group_stats", tests, NULL, NULL);
}
