/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_select.c - which letters a verb means.
 */
#include "supervisor/dlq/dlq_group.h"
#include "supervisor/dlq/dlq_select.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
test_selection(void **state)
{
	struct dlq_select select = {.by_id = false};
	struct dlq_letter letter = {.queue = STAGE_CLEAN, .id = UINT64_C(0x123456789abcdef)};
	struct dlq_letter other = {.queue = STAGE_CLEAN, .id = UINT64_C(0x123456789abcdee)};
	char error[256];

	(void)state;
	assert_int_equal(dlq_select_add(&select, "c123456789abcdef", error, sizeof(error)), 0);
	dlq_select_sort(&select);
	assert_true(dlq_select_wants_queue(&select, STAGE_CLEAN));
	assert_false(dlq_select_wants_queue(&select, STAGE_LAKE));
	assert_true(dlq_select_matches(&select, &letter));
	assert_false(dlq_select_matches(&select, &other));
	assert_int_equal(dlq_select_add(&select, "c1234", error, sizeof(error)), 0);
	dlq_select_note_prefix(&select, &letter);
	dlq_select_note_prefix(&select, &other);
	assert_int_equal(dlq_select_resolve(&select, error, sizeof(error)), -1);
	assert_int_equal(dlq_select_add(&select, "nonsense", error, sizeof(error)), -1);
	dlq_select_free(&select);
	assert_false(dlq_select_has_filters(&select));
	select.has_group = true;
	select.group = dlq_group_of(&letter);
	assert_true(dlq_select_has_filters(&select));
	assert_false(dlq_select_leaves_held(&select, &letter));
	letter.held = true;
	assert_false(dlq_select_matches(&select, &letter));
	assert_true(dlq_select_leaves_held(&select, &letter));
	select.group++;
	assert_false(dlq_select_leaves_held(&select, &letter));
	dlq_select_free(&select);
	assert_int_equal(dlq_select_set_regex(&select, "[", error, sizeof(error)), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_selection),
	};

	return cmocka_run_group_tests_name("dlq_select", tests, NULL, NULL);
}
