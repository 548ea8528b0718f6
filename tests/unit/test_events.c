/* SPDX-License-Identifier: MIT */
/*
 * test_events.c - the ring of the last events.
 */
#include "supervisor/daemon/events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
test_events_ring(void **state UNUSED)
{
	static struct events events;

	assert_int_equal(events_first(&events), 1);
	assert_null(events_get(&events, 1));
	for (unsigned i = 1; i <= EVENTS_KEPT + 10; i++)
		events_add(&events, EVENT_SCALE, "lake", "uid 0", "change %u", i);
	assert_int_equal(events_first(&events), 11);
	assert_null(events_get(&events, 10));
	assert_string_equal(events_get(&events, 11)->text, "change 11");
	assert_int_equal(events_get(&events, EVENTS_KEPT + 10)->number, EVENTS_KEPT + 10);
	assert_null(events_get(&events, EVENTS_KEPT + 11));
	assert_string_equal(event_kind_name(EVENT_AUTOSCALE), "autoscale");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events_ring),
	};

	return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
