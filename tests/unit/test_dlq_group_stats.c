/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_group_stats.c - groups being counted.
 */
#include "supervisor/dlq/dlq_group_stats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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

/* Figures of a group; the largest group of a queue first. */
static void
test_figures(void **state)
{
	struct dlq_group_stats *table = dlq_group_stats_new();
	struct dlq_letter letter = {.queue = STAGE_CLEAN, .id = 7, .reason = SPAN_LITERAL("r")};
	const struct dlq_group_row *rows;
	size_t count;

	(void)state;
	letter.line = SPAN_LITERAL("the line");
	letter.detail = SPAN_LITERAL("small");
	dlq_group_stats_add(table, &letter);
	letter.detail = SPAN_LITERAL("byte 1");
	letter.when_s = 30;
	letter.lines = 2;
	letter.held = true;
	dlq_group_stats_add(table, &letter);
	letter.detail = SPAN_LITERAL("byte 20");
	letter.when_s = 20;
	letter.id = 8;
	letter.held = false;
	dlq_group_stats_add(table, &letter);
	letter.when_s = 0; /* unknown */
	dlq_group_stats_add(table, &letter);
	letter.queue = STAGE_LAKE;
	dlq_group_stats_add(table, &letter);
	rows = dlq_group_stats_rows(table, &count);
	assert_int_equal(count, 3);
	assert_int_equal(rows[0].queue, STAGE_LAKE);
	assert_int_equal(rows[1].letters, 3);
	assert_int_equal(rows[1].lines, 6);
	assert_int_equal(rows[1].held, 1);
	assert_int_equal(rows[1].oldest_s, 20);
	assert_int_equal(rows[1].newest_s, 30);
	assert_int_equal(rows[1].example, 7);
	assert_string_equal(rows[1].pattern, "byte N");
	assert_int_equal(rows[2].letters, 1);
	assert_string_equal(rows[2].pattern, "small");
	dlq_group_stats_free(&table);
	assert_null(table);
}

/* As many groups as somebody likes to make. */
static void
test_too_many(void **state)
{
	struct dlq_group_stats *table = dlq_group_stats_new();
	struct dlq_letter letter = {.queue = STAGE_CLEAN};
	const struct dlq_group_row *rows;
	uint64_t letters = 0;
	size_t count;
	char reason[32];

	(void)state;
	letter.line = letter.detail = SPAN_LITERAL("x");
	for (int i = 0; i < 3 * DLQ_GROUPS_MAX; i++) {
		snprintf(reason, sizeof(reason), "reason %d", i);
		letter.reason = span_of(reason);
		letter.queue = i % 2 == 0 ? STAGE_LAKE : STAGE_CLEAN;
		dlq_group_stats_add(table, &letter);
	}
	letter.reason = SPAN_LITERAL("reason 0"); /* one that has its row */
	letter.queue = STAGE_LAKE;
	assert_int_equal(dlq_group_stats_add(table, &letter)->letters, 2);
	rows = dlq_group_stats_rows(table, &count);
	assert_int_equal(count, DLQ_GROUPS_MAX + 2);
	assert_string_equal(rows[0].reason, "(other groups)");
	assert_int_equal(rows[0].letters, DLQ_GROUPS_MAX);
	assert_string_equal(rows[1].reason, "reason 0");
	for (size_t i = 0; i < count; i++)
		letters += rows[i].letters;
	assert_int_equal(letters, 3 * DLQ_GROUPS_MAX + 1);
	dlq_group_stats_free(&table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_group_details),
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests_name("dlq_group_stats", tests, NULL, NULL);
}
