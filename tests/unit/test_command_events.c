/* SPDX-License-Identifier: MIT */
/*
 * test_command_events.c - who asks for what came after an event misses nothing without knowing it.
 */
#include "supervisor/daemon/command_events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <sysexits.h>

static struct supervisor *supervisor;

static int
make_supervisor(void **state UNUSED)
{
	supervisor = calloc(1, sizeof(*supervisor));
	return 0;
}

static int
free_supervisor(void **state UNUSED)
{
	free(supervisor);
	return 0;
}

static void
add_events(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		events_add(&supervisor->pool.events, EVENT_SCALE, "lake", "uid 0", "text");
}

/* after < 0: not given. */
static void
assert_answer(json_int_t after, json_int_t first, size_t count, json_int_t missed)
{
	json_t *arguments = after < 0 ? json_object() : json_pack("{s:I}", "after", after);
	struct request_error error;
	json_t *answer = command_events(supervisor, arguments, &error);
	const json_t *list = json_object_get(answer, "events");

	assert_int_equal(json_array_size(list), count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(
			json_integer_value(json_object_get(json_array_get(list, i), "number")),
			first + (json_int_t)i);
	assert_int_equal(json_integer_value(json_object_get(answer, "missed")), missed);
	assert_int_equal(json_integer_value(json_object_get(answer, "last")),
			 supervisor->pool.events.count);
	json_decref(answer);
	json_decref(arguments);
}

static void
test_after(void **state UNUSED)
{
	assert_answer(-1, 1, 0, 0);
	assert_answer(5, 1, 0, 0);
	add_events(10);
	assert_answer(-1, 1, 10, 0);
	assert_answer(0, 1, 10, 0);
	assert_answer(7, 8, 3, 0);
	assert_answer(10, 11, 0, 0);
	/* beyond the last one: a number of an earlier sluiced */
	assert_answer(11, 1, 10, 0);
}

static void
test_missed(void **state UNUSED)
{
	add_events(EVENTS_KEPT + 10);
	assert_answer(10, 11, EVENTS_KEPT, 0);
	assert_answer(9, 11, EVENTS_KEPT, 1);
	assert_answer(0, 11, EVENTS_KEPT, 10);
	assert_answer(EVENTS_KEPT, EVENTS_KEPT + 1, 10, 0);
}

static void
test_wrong_arguments(void **state UNUSED)
{
	static const char *const wrong[] = {"{\"after\": -1}", "{\"after\": \"1\"}",
					    "{\"after\": 1.5}", "{\"after\": null}"};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		json_t *arguments = json_loads(wrong[i], 0, NULL);
		struct request_error error;

		assert_null(command_events(supervisor, arguments, &error));
		assert_int_equal(error.exit_code, EX_USAGE);
		json_decref(arguments);
	}
}

/* Texts hold what others wrote: any bytes become JSON. */
static void
test_any_bytes(void **state UNUSED)
{
	json_t *arguments = json_object(), *answer;
	struct request_error error;
	char *text;

	events_add(&supervisor->pool.events, EVENT_TROUBLE, "lake/0", "", "bad \xff\x1b[31m byte");
	answer = command_events(supervisor, arguments, &error);
	text = json_dumps(answer, JSON_COMPACT);
	assert_non_null(text);
	free(text);
	json_decref(answer);
	json_decref(arguments);
}

#define EVENTS_TEST(function) \
	cmocka_unit_test_setup_teardown(function, make_supervisor, free_supervisor)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		EVENTS_TEST(test_after),
		EVENTS_TEST(test_missed),
		EVENTS_TEST(test_wrong_arguments),
		EVENTS_TEST(test_any_bytes),
	};

	return cmocka_run_group_tests_name("command_events", tests, NULL, NULL);
}
