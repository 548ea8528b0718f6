/* SPDX-License-Identifier: MIT */
/*
 * test_binding_check.c - questions to the spare bindings, and what the answers mean.
 */
#include "producer/binding_check.h"
#include "common/base/xalloc.h"
#include "common/settings/stage.h"
#include "common/broker/topology.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t last_tag;

static struct input_settings inputs[] = {
	{.routing_key = (char[]){"logs"}},
	{.routing_key = (char[]){"web.logs"}},
	{.routing_key = (char[]){"web.logs"}},
};

static const struct settings settings = {
	.inputs = inputs, .input_count = 3, .producer = {.check_s = 10}};

/* Send all messages of a check; the first one's tag is last_tag - count + 1 afterwards. */
static void
ask(struct binding_check *check, int64_t now_ms)
{
	assert_true(binding_check_due_ms(check) <= now_ms);
	binding_check_begin(check, now_ms);
	for (size_t i = 0; i < check->count; i++) {
		struct message message = binding_check_message(check, i);

		assert_int_equal(message.body.len, 0);
		assert_int_equal(message.lines, 0);
		binding_check_sent(check, i, ++last_tag);
	}
	assert_true(binding_check_due_ms(check) == INT64_MAX);
}

/* Number i comes back. */
static void
return_question(struct binding_check *check, size_t i)
{
	assert_true(binding_check_returned(check, binding_check_message(check, i).message_id));
}

static enum binding_answer
ack_all(struct binding_check *check, int64_t now_ms)
{
	return binding_check_answered(check, last_tag, true, true, now_ms);
}

static void
test_keys(void **state)
{
	static const char *const keys[] = {"logs.check", "check.logs", "web.logs.check",
					   "check.web.logs"};
	struct binding_check check;

	(void)state;
	binding_check_init(&check, &settings);
	assert_int_equal(check.count, ARRAY_LEN(keys));
	for (size_t i = 0; i < check.count; i++)
		assert_string_equal(check.questions[i].key, keys[i]);
	binding_check_free(&check);
}

static void
test_full_queue_is_known(void **state)
{
	struct binding_check check;

	(void)state;
	binding_check_init(&check, &settings);
	ask(&check, 0);
	assert_int_equal(binding_check_answered(&check, last_tag - 2, false, false, 0),
			 BINDING_NO_ANSWER);
	assert_null(check.full);
	assert_int_equal(ack_all(&check, 0), BINDING_GOOD);
	assert_string_equal(check.full, stage_table[STAGE_CLEAN].queue);

	/* There is room again. */
	binding_check_published(&check);
	ask(&check, 10000);
	assert_int_equal(ack_all(&check, 10000), BINDING_GOOD);
	assert_null(check.full);
	binding_check_free(&check);
}

static void
test_good(void **state)
{
	struct binding_check check;

	(void)state;
	last_tag = 100;
	binding_check_init(&check, &settings);
	assert_false(check.has_answer);
	assert_false(binding_check_allows(&check));
	ask(&check, 0);
	assert_int_equal(binding_check_answered(&check, 100, true, true, 0), BINDING_NO_ANSWER);
	assert_int_equal(binding_check_answered(&check, 102, false, true, 0), BINDING_NO_ANSWER);
	assert_int_equal(binding_check_answered(&check, 103, true, true, 0), BINDING_NO_ANSWER);
	assert_false(binding_check_is_verified(&check));
	assert_int_equal(binding_check_answered(&check, 110, true, true, 0), BINDING_GOOD);
	assert_true(check.has_answer);
	assert_true(binding_check_allows(&check));
	assert_true(binding_check_is_verified(&check));
	assert_int_equal(binding_check_answered(&check, 111, true, true, 0), BINDING_NO_ANSWER);
	/* nothing was published: nothing to ask */
	assert_true(binding_check_due_ms(&check) == INT64_MAX);
	binding_check_published(&check);
	assert_false(binding_check_is_verified(&check));
	assert_int_equal(binding_check_due_ms(&check), 10000);
	binding_check_hurry(&check, 500);
	assert_int_equal(binding_check_due_ms(&check), 500);
	binding_check_free(&check);
}

static void
test_lost_and_restored(void **state)
{
	struct binding_check check;

	(void)state;
	binding_check_init(&check, &settings);
	ask(&check, 0);
	assert_false(binding_check_returned(&check, SPAN_LITERAL("9c1f:0")));
	assert_false(binding_check_returned(&check, SPAN_NULL));
	return_question(&check, 1);
	return_question(&check, 2);
	assert_true(binding_check_returned(&check,
					   SPAN_LITERAL("sluice-check:99999999999999999999999")));
	assert_int_equal(ack_all(&check, 5), BINDING_LOST);
	assert_string_equal(check.queue, stage_table[STAGE_CLEAN].queue);
	assert_false(binding_check_allows(&check));
	assert_false(binding_check_is_verified(&check));
	/* The next one is sent at once and starts afresh. */
	ask(&check, 5);
	assert_int_equal(ack_all(&check, 6), BINDING_RESTORED);
	assert_true(binding_check_allows(&check));
	binding_check_published(&check);
	ask(&check, 10005);
	assert_int_equal(ack_all(&check, 10006), BINDING_GOOD);
	binding_check_free(&check);
}

/* What a new connection forgets, and what it does not. */
static void
test_connection_lost(void **state)
{
	struct binding_check check;

	(void)state;
	last_tag = 0;
	binding_check_init(&check, &settings);
	ask(&check, 0);
	return_question(&check, 0);
	assert_int_equal(ack_all(&check, 0), BINDING_LOST);
	ask(&check, 1);
	return_question(&check, 0);
	binding_check_connected(&check);
	assert_false(binding_check_allows(&check));
	/* Tags start from 1 again: answers to the old ones are not expected. */
	assert_int_equal(binding_check_answered(&check, 8, true, true, 2), BINDING_NO_ANSWER);
	ask(&check, 2);
	assert_int_equal(ack_all(&check, 2), BINDING_RESTORED);
	binding_check_free(&check);
}

static void
test_passive(void **state)
{
	struct settings passive = settings;
	struct binding_check check;

	(void)state;
	passive.broker.declare = DECLARE_PASSIVE;
	binding_check_init(&check, &passive);
	ask(&check, 0);
	return_question(&check, 0);
	assert_int_equal(ack_all(&check, 0), BINDING_UNSUPPORTED);
	assert_true(binding_check_allows(&check));
	assert_true(binding_check_is_verified(&check));
	assert_true(binding_check_due_ms(&check) == INT64_MAX);

	/* A new connection tries again; once a check went well, a loss is a loss. */
	binding_check_connected(&check);
	ask(&check, 10);
	assert_int_equal(ack_all(&check, 10), BINDING_GOOD);
	binding_check_published(&check);
	ask(&check, 20000);
	return_question(&check, 3);
	assert_int_equal(ack_all(&check, 20000), BINDING_LOST);
	assert_false(binding_check_allows(&check));
	assert_int_equal(binding_check_due_ms(&check), 20000 + BINDING_CHECK_PASSIVE_MS);
	binding_check_free(&check);
}

static void
test_off(void **state)
{
	struct settings off = settings;
	struct binding_check check;

	(void)state;
	off.producer.check_s = 0;
	binding_check_init(&check, &off);
	assert_true(binding_check_due_ms(&check) == INT64_MAX);
	assert_true(binding_check_allows(&check));
	assert_true(binding_check_is_verified(&check));
	assert_int_equal(binding_check_answered(&check, 5, true, true, 0), BINDING_NO_ANSWER);
	binding_check_free(&check);
}

/* Every binding of so many routing keys is asked for, and each one's loss is noticed. */
static void
check_keys(size_t keys)
{
	struct settings many = settings;
	struct binding_check check;

	many.input_count = keys;
	many.inputs = xcalloc(keys, sizeof(*many.inputs));
	for (size_t i = 0; i < keys; i++)
		many.inputs[i].routing_key = xasprintf("key-%zu", i);
	binding_check_init(&check, &many);
	assert_int_equal(check.count, 2 * (keys + 1)); /* and "logs" */
	for (size_t lost = 0; lost < check.count; lost++) {
		binding_check_connected(&check);
		ask(&check, 0);
		return_question(&check, lost);
		assert_int_equal(binding_check_answered(&check, last_tag - 1, true, true, 0),
				 BINDING_NO_ANSWER);
		assert_int_equal(ack_all(&check, 0), BINDING_LOST);
		assert_true(check.questions[lost].returned);
		assert_string_equal(check.queue, check.questions[lost].queue);
	}
	/* No two ask for the same. */
	for (size_t i = 1; i < check.count; i++)
		assert_string_not_equal(check.questions[i].key, check.questions[i - 1].key);
	binding_check_free(&check);
	for (size_t i = 0; i < keys; i++)
		free(many.inputs[i].routing_key);
	free(many.inputs);
}

static void
test_many_keys(void **state)
{
	(void)state;
	check_keys(40);
	check_keys(300);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_full_queue_is_known),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_lost_and_restored),
		cmocka_unit_test(test_connection_lost),
		cmocka_unit_test(test_passive),
		cmocka_unit_test(test_off),
		cmocka_unit_test(test_many_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
