/* SPDX-License-Identifier: MIT */
/*
 * test_slot.c - every slot has its own page, and says of its child what its page and state say.
 */
#include "supervisor/daemon/slot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static struct slot slots[SLOT_COUNT];

static int
init_slots(void **state)
{
	*state = calloc(SLOT_COUNT, STATUS_PAGE_SIZE);
	slots_init(slots, *state);
	return 0;
}

static int
free_slots(void **state)
{
	free(*state);
	return 0;
}

static void
test_every_slot_has_its_own_page(void **state)
{
	for (unsigned i = 0; i < SLOT_COUNT; i++) {
		assert_int_equal(slots[i].number, i);
		assert_ptr_equal(slots[i].page, (char *)*state + i * STATUS_PAGE_SIZE);
		assert_int_equal(slots[i].child.state, CHILD_STOPPED);
	}
	assert_string_equal(slots[0].name, "producer/0");
	assert_string_equal(slots[1].name, "lake/0");
	assert_string_equal(slots[SLOT_COUNT - 1].name, "clean/63");
}

/* What a dead child has left in its page counts for nothing. */
static void
test_ready_and_paused(void **state UNUSED)
{
	struct slot *slot = &slots[1];

	status_set_report(slot->page, REPORT_READY);
	status_set_paused(slot->page, true);
	assert_false(slot_is_ready(slot) || slot_is_paused(slot));
	slot->child.state = CHILD_RUNNING;
	assert_true(slot_is_ready(slot) && slot_is_paused(slot));
	status_set_report(slot->page, REPORT_WAITING);
	status_set_paused(slot->page, false);
	assert_false(slot_is_ready(slot) || slot_is_paused(slot));
}

static void
test_total(void **state UNUSED)
{
	struct slot *slot = &slots[1];

	status_add(slot->page, COUNTER_ROWS_STORED, 5);
	status_add(slot->page, COUNTER_ROWS_KNOWN, 2);
	status_add(slot->page, COUNTER_LINES_REJECTED, 1);
	status_add(slot->page, COUNTER_LINES_IN, 100);
	assert_int_equal(slot_total(slot), 0); /* nobody has ever used this page */
	slot->starts = 1;
	assert_int_equal(slot_total(slot), 8);
	status_add(slots[0].page, COUNTER_LINES_CONFIRMED, 9);
	slots[0].starts = 1;
	assert_int_equal(slot_total(&slots[0]), 9);
}

/* While a statement runs the child cannot say that it takes long: its page says since when. */
static void
test_storing(void **state UNUSED)
{
	struct slot *slot = &slots[1];
	char text[STATUS_TEXT_MAX];

	status_set_storing(slot->page, 1000);
	assert_int_equal(slot_storing_ms(slot, 13000), -1); /* of one that is dead */
	slot->pid = 4711;
	assert_int_equal(slot_storing_ms(slot, 13000), 12000);
	assert_int_equal(slot_storing_ms(slot, 0), 0);
	assert_int_equal(slot_read_error(slot, 13000, text, sizeof(text)), 0);
	assert_memory_equal(text, "storing for 12 s: ", 18);
	slot_read_error(slot, 5999, text, sizeof(text)); /* not long enough to be said */
	assert_string_equal(text, "");
	status_set_error(slot->page, "no such table"); /* says more */
	assert_true(slot_read_error(slot, 13000, text, sizeof(text)) > 0);
	assert_string_equal(text, "no such table");
	status_set_error(slot->page, "");
	status_set_storing(slot->page, 0);
	assert_int_equal(slot_storing_ms(slot, 13000), -1);
	slot_read_error(slot, 13000, text, sizeof(text));
	assert_string_equal(text, "");
}

#define SLOT_TEST(function) cmocka_unit_test_setup_teardown(function, init_slots, free_slots)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SLOT_TEST(test_every_slot_has_its_own_page),
		SLOT_TEST(test_ready_and_paused),
		SLOT_TEST(test_total),
		SLOT_TEST(test_storing),
	};

	return cmocka_run_group_tests_name("slot", tests, NULL, NULL);
}
