/* SPDX-License-Identifier: MIT */
/*
 * test_stage.c - the table of stages, and what is derived from it.
 */
#include "common/settings/stage.h"
#include "supervisor/cli/stage_ops.h"
#include "supervisor/shared/roles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
test_rows_agree(void **state)
{
	struct settings *settings = calloc(1, sizeof(*settings));

	(void)state;
	for (unsigned i = 0; i < STAGE_COUNT; i++) {
		const struct stage *stage = &stage_table[i];
		enum role_id role = (enum role_id)(ROLE_PRODUCER + 1 + i);
		enum stage_id found;

		assert_int_equal(stage_find(stage->name, &found), 0);
		assert_int_equal(found, i);
		assert_int_equal(stage_find(stage->queue, &found), 0);
		assert_int_equal(found, i);
		assert_int_equal(stage_find(stage->dead_queue, &found), 0);
		assert_int_equal(found, i);
		/* no two stages begin alike: ids of dead letters tell them by that letter */
		assert_int_equal(stage_by_initial(stage->name[0], &found), 0);
		assert_int_equal(found, i);
		assert_memory_equal(stage->dead_queue, stage->queue, strlen(stage->queue));
		assert_string_equal(stage->dead_queue + strlen(stage->queue), ".dead");

		assert_int_equal(role_stage(role), i);
		assert_string_equal(role_table[role].name, stage->name);
		assert_string_equal(role_table[role].program, stage->program);
		assert_string_equal(role_table[role].queue, stage->queue);
		assert_int_equal(role_mask(stage->reload), 1u << role);

		assert_int_equal(stage_ops[i]->stage, i);
		assert_string_equal(stage_ops[i]->table->name, stage->table);
		assert_string_equal(stage_ops[i]->table->columns[0].name, "id");
		assert_ptr_equal(stage_settings((enum stage_id)i, settings),
				 (const char *)settings + stage->settings_offset);
	}
	free(settings);
}

static void
test_not_found(void **state)
{
	enum stage_id stage;

	(void)state;
	assert_int_equal(stage_find("queue-data-lak", &stage), -1);
	assert_int_equal(stage_find("", &stage), -1);
	assert_int_equal(stage_by_initial('p', &stage), -1);
	assert_int_equal(stage_by_initial('\0', &stage), -1);
}

static void
test_role_list(void **state)
{
	char text[ROLE_LIST_MAX];

	(void)state;
	assert_string_equal(role_list(text, sizeof(text)), "producer, lake and clean");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_agree),
		cmocka_unit_test(test_not_found),
		cmocka_unit_test(test_role_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
