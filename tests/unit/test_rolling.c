/* SPDX-License-Identifier: MIT */
/*
 * test_rolling.c - whose turn it is in a rolling restart.
 */
#include "supervisor/daemon/rolling.h"
#include "common/base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

static struct slot slots[SLOT_COUNT];

static int
init_slots(void **state)
{
	*state = calloc(SLOT_COUNT, STATUS_PAGE_SIZE);
	log_open("test", LOG_LEVEL_ERROR, LOG_STYLE_LOGFMT);
	slots_init(slots, *state);
	for (unsigned i = 0; i < 4; i++)
		slots[i].child.state = CHILD_RUNNING;
	return 0;
}

static int
free_slots(void **state)
{
	free(*state);
	return 0;
}

static void
test_one_after_the_other(void **state UNUSED)
{
	assert_null(rolling_next(slots));
	slots[1].roll = slots[3].roll = ROLL_WAITING;
	assert_ptr_equal(rolling_next(slots), &slots[1]);
	assert_int_equal(slots[1].roll, ROLL_NOW);

	/* Until it runs again, it is nobody else's turn. */
	for (enum child_state state_now = 0; state_now < CHILD_STATE_COUNT; state_now++) {
		if (state_now == CHILD_RUNNING || state_now == CHILD_FATAL)
			continue;
		slots[1].child.state = state_now;
		assert_null(rolling_next(slots));
		assert_int_equal(slots[1].roll, ROLL_NOW);
	}
	slots[1].child.state = CHILD_RUNNING;
	assert_ptr_equal(rolling_next(slots), &slots[3]);
	assert_int_equal(slots[1].roll, ROLL_NONE);
	assert_null(rolling_next(slots));
	assert_int_equal(slots[3].roll, ROLL_NONE);
}

/* One that cannot start again must not be followed by the others. */
static void
test_fatal_ends_it(void **state UNUSED)
{
	slots[1].roll = slots[2].roll = slots[3].roll = ROLL_WAITING;
	assert_ptr_equal(rolling_next(slots), &slots[1]);
	slots[1].child.state = CHILD_FATAL;
	assert_null(rolling_next(slots));
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(slots[i].roll, ROLL_NONE);
	assert_null(rolling_next(slots));
}

/* A slot that is not wanted any more has left (ROLL_NONE): the next one follows. */
static void
test_who_leaves_holds_nobody_up(void **state UNUSED)
{
	slots[1].roll = slots[2].roll = ROLL_WAITING;
	assert_ptr_equal(rolling_next(slots), &slots[1]);
	slots[1].child.state = CHILD_STOPPING;
	slots[1].roll = ROLL_NONE;
	assert_ptr_equal(rolling_next(slots), &slots[2]);
}

#define ROLLING_TEST(function) cmocka_unit_test_setup_teardown(function, init_slots, free_slots)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ROLLING_TEST(test_one_after_the_other),
		ROLLING_TEST(test_fatal_ends_it),
		ROLLING_TEST(test_who_leaves_holds_nobody_up),
	};

	return cmocka_run_group_tests_name("rolling", tests, NULL, NULL);
}
