/* SPDX-License-Identifier: MIT */
/*
 * test_binding_check.c - questions to the spare bindings, and what the answers mean.
 */
#include "common/settings/stage.h"
#include "producer/binding_check.h"
#include "common/broker/topology.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uint64_t last_tag;
static char keys[BINDING_CHECKS_MAX][TOPOLOGY_KEY_MAX];

static struct input_settings inputs[] = {
	{.routing_key = (char[]){"logs"}},
	{.routing_key = (char[]){"web.logs"}},
	{.routing_key = (char[]){"web.logs"}},
};

static const struct settings settings = {
	.inputs = inputs, .input_count = 3, .producer = {.check_s = 10}};

static void
ask(struct binding_check *check, int64_t now_ms)
{
	assert_true(binding_check_due(check, now_ms));
	binding_check_begin(check, &settings, now_ms);
	for (size_t i = 0; i < check->count; i++) {
		char id[BINDING_CHECK_ID_MAX];
		struct message message = binding_check_message(id, i);

		assert_int_equal(message.body.len, 0);
		binding_check_sent(check, i, topology_spare(&settings, i, keys[i]), ++last_tag);
	}
	assert_false(binding_check_due(check, now_ms + 1000000));
}

static void
test_keys(void **state)
{
	struct binding_check check;

	(void)state;
	binding_check_start(&check, &settings);
	assert_int_equal(check.count, 4);
	ask(&check, 0);
	assert_string_equal(keys[0], "logs.check");
	assert_string_equal(keys[1], "check.logs");
	assert_string_equal(keys[2], "web.logs.check");
	assert_string_equal(keys[3], "check.web.logs");
}

static void
test_full_queue_is_known(void **state)
{
	struct binding_check check;

	(void)state;
	binding_check_start(&check, &settings);
	ask(&check, 0);
	binding_check_refused(&check, last_tag - 2, false);
	assert_int_equal(binding_check_answered(&check, last_tag - 2, false), BINDING_NO_ANSWER);
	assert_null(check.full);
	assert_int_equal(binding_check_answered(&check, last_tag, true), BINDING_GOOD);
	assert_string_equal(check.full, stage_table[STAGE_CLEAN].queue);

	/* There is room again. */
	check.dirty = true;
	ask(&check, 10000);
	assert_int_equal(binding_check_answered(&check, last_tag, true), BINDING_GOOD);
	assert_null(check.full);
}

static void
test_good(void **state)
{
	struct binding_check check;

	(void)state;
	last_tag = 100;
	binding_check_start(&check, &settings);
	assert_false(check.has_answer);
	ask(&check, 0);
	assert_int_equal(binding_check_answered(&check, 100, true), BINDING_NO_ANSWER);
	assert_int_equal(binding_check_answered(&check, 102, false), BINDING_NO_ANSWER);
	assert_int_equal(binding_check_answered(&check, 103, true), BINDING_NO_ANSWER);
	assert_int_equal(binding_check_answered(&check, 110, true), BINDING_GOOD);
	assert_true(check.has_answer);
	assert_int_equal(binding_check_answered(&check, 111, true), BINDING_NO_ANSWER);
	/* nothing was published: nothing to ask */
	assert_false(binding_check_due(&check, 60000));
	check.dirty = true;
	assert_false(binding_check_due(&check, 9999));
	assert_true(binding_check_due(&check, 10000));
}

static void
test_lost(void **state)
{
	struct binding_check check;

	(void)state;
	last_tag = 0;
	binding_check_start(&check, &settings);
	ask(&check, 0);
	assert_false(binding_check_returned(&check, SPAN_LITERAL("9c1f:0")));
	assert_false(binding_check_returned(&check, SPAN_NULL));
	assert_true(binding_check_returned(&check, SPAN_LITERAL("sluice-check:1")));
	assert_true(binding_check_returned(&check,
					   SPAN_LITERAL("sluice-check:99999999999999999999999")));
	assert_int_equal(binding_check_answered(&check, 4, true), BINDING_LOST);
	assert_string_equal(check.queue, stage_table[STAGE_CLEAN].queue);
	/* the next one starts afresh */
	check.dirty = true;
	ask(&check, 20000);
	assert_int_equal(binding_check_answered(&check, 8, true), BINDING_GOOD);
}

static void
test_off(void **state)
{
	struct settings off = settings;
	struct binding_check check;

	(void)state;
	off.producer.check_s = 0;
	binding_check_start(&check, &off);
	assert_false(binding_check_due(&check, 1000000));
	assert_int_equal(binding_check_answered(&check, 5, true), BINDING_NO_ANSWER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys), cmocka_unit_test(test_full_queue_is_known),
		cmocka_unit_test(test_good), cmocka_unit_test(test_lost),
		cmocka_unit_test(test_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
