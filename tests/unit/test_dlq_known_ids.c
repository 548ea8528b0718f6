/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_known_ids.c - ids, as often as they are there.
 */
#include "supervisor/dlq/dlq_known_ids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
test_known_ids(void **state)
{
	struct dlq_known_ids *known = dlq_known_ids_new();

	(void)state;
	dlq_known_ids_add(known, STAGE_CLEAN, 7);
	dlq_known_ids_add(known, STAGE_CLEAN, 3);
	dlq_known_ids_add(known, STAGE_CLEAN, 7);
	assert_true(dlq_known_ids_remove(known, STAGE_CLEAN, 7));
	assert_true(dlq_known_ids_remove(known, STAGE_CLEAN, 7));
	assert_false(dlq_known_ids_remove(known, STAGE_CLEAN, 7));
	assert_false(dlq_known_ids_remove(known, STAGE_LAKE, 3));
	assert_false(dlq_known_ids_remove(known, STAGE_CLEAN, 4));
	dlq_known_ids_free(&known);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_ids),
	};

	return cmocka_run_group_tests_name("dlq_known_ids", tests, NULL, NULL);
}
