/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_reader.c - all letters of a queue, in its order, and all of them left there.
 */
#include "supervisor/dlq/dlq_reader.h"
#include "tests/fakes/fake_broker.h"
#include "tests/fakes/fake_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <cmocka.h>

#define DEAD "queue.dead"

static char vhost[] = "/";
static const struct broker_settings settings = {.vhost = vhost};
static struct dlq_reader *reader;
static struct failure failure;

static int
setup(void **state)
{
	(void)state;
	fake_reset();
	fake_broker_reset();
	fake_broker_add_queue(DEAD);
	fake_time_start(1000000);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	dlq_reader_close(&reader);
	fake_time_on_wait(NULL, NULL);
	fake_time_stop();
	return fake_broker_connections() == 0 ? 0 : -1;
}

static void
put_letters(unsigned first, unsigned behind)
{
	for (unsigned i = first; i < behind; i++) {
		char body[32];

		snprintf(body, sizeof(body), "%u", i);
		fake_broker_put_text(DEAD, body);
	}
}

static void
open_reader(void)
{
	assert_int_equal(dlq_reader_open(&reader, &settings, DEAD, "test", &failure), OUTCOME_DONE);
}

/* The next letter, the caller's; NULL at the end, or when a call failed. */
static struct delivery *
next(struct dlq_reader *from)
{
	struct delivery *delivery = NULL;
	bool end = false;

	while (dlq_reader_next(from, &delivery, &end, &failure) == OUTCOME_DONE && !end) {
		if (delivery != NULL)
			return delivery;
		dlq_reader_wait(from);
	}
	return NULL;
}

static void
assert_next(unsigned number)
{
	struct delivery *delivery = next(reader);
	char body[32];

	snprintf(body, sizeof(body), "%u", number);
	assert_non_null(delivery);
	assert_true(span_equals(delivery->message.body, span_of(body)));
	delivery_free(&delivery);
}

static void
assert_queue_has(unsigned first, unsigned behind)
{
	assert_int_equal(fake_broker_unacked(DEAD), 0);
	assert_int_equal(fake_broker_ready(DEAD), behind - first);
	for (unsigned i = first; i < behind; i++) {
		struct delivery *delivery = fake_broker_look(DEAD, i - first);
		char body[32];

		snprintf(body, sizeof(body), "%u", i);
		assert_true(span_equals(delivery->message.body, span_of(body)));
		delivery_free(&delivery);
	}
}

static void
test_all_stay(void **state)
{
	(void)state;
	put_letters(0, 5);
	open_reader();
	for (unsigned i = 0; i < 5; i++)
		assert_next(i);
	assert_null(next(reader));
	assert_null(next(reader)); /* asked once more: still the end */
	assert_int_equal(dlq_reader_missing(reader), 0);
	assert_false(dlq_reader_has_other_consumers(reader));
	dlq_reader_close(&reader);
	assert_null(reader);
	assert_queue_has(0, 5);
	dlq_reader_close(&reader); /* NULL is fine */
}

static void
test_empty(void **state)
{
	(void)state;
	open_reader();
	assert_null(next(reader));
	assert_int_equal(dlq_reader_missing(reader), 0);
	assert_true(fake_time_passed_ms() < 1000);
}

/* Consumers one after another, the last with no more than there is. */
static void
test_consumers(void **state)
{
	const char *record;

	(void)state;
	put_letters(0, 4500);
	open_reader();
	for (unsigned i = 0; i < 4500; i++)
		assert_next(i);
	assert_null(next(reader));
	assert_int_equal(fake_calls("broker_consume_more"), 3);
	record = fake_record();
	for (int i = 0; i < 2; i++) {
		record = strstr(record, "broker_consume_more " DEAD " 2000\n");
		assert_non_null(record++);
	}
	assert_non_null(strstr(record, "broker_consume_more " DEAD " 500\n"));
}

static void
test_ack(void **state)
{
	struct delivery *delivery;

	(void)state;
	put_letters(0, 5);
	open_reader();
	delivery = next(reader);
	assert_int_equal(dlq_reader_ack(reader, delivery->tag, &failure), OUTCOME_DONE);
	delivery_free(&delivery);
	dlq_reader_close(&reader);
	assert_queue_has(1, 5);
	/* the broker has no answer to an acknowledgement, only time to work it off */
	assert_true(fake_time_passed_ms() >= 1500);
}

static void
test_later_letters(void **state)
{
	(void)state;
	put_letters(0, 2);
	open_reader();
	put_letters(2, 4);
	assert_next(0);
	assert_next(1);
	assert_null(next(reader));
	dlq_reader_follow(reader);
	assert_next(2);
	assert_next(3);
	dlq_reader_close(&reader);
	assert_queue_has(0, 4);
}

/* What somebody else holds is not seen, and counted. */
static void
test_missing(void **state)
{
	struct dlq_reader *other = NULL;
	struct delivery *delivery;

	(void)state;
	put_letters(0, 5);
	open_reader();
	assert_int_equal(dlq_reader_open(&other, &settings, DEAD, "other", &failure), OUTCOME_DONE);
	assert_true(dlq_reader_has_other_consumers(other));
	for (int i = 0; i < 2; i++) {
		delivery = next(other);
		delivery_free(&delivery);
	}
	for (unsigned i = 2; i < 5; i++)
		assert_next(i);
	assert_null(next(reader));
	assert_int_equal(dlq_reader_missing(reader), 2);
	dlq_reader_close(&other);
}

static void
close_other(void *context, unsigned wait)
{
	struct dlq_reader **other = context;

	/* not from within its own waiting, or twice */
	if (wait == 2) {
		fake_time_on_wait(NULL, NULL);
		dlq_reader_close(other);
	}
}

/* A reader that goes away gives its letters back: they come first, as they did before. */
static void
test_waits_for_others(void **state)
{
	static struct dlq_reader *other;
	struct delivery *delivery;

	(void)state;
	put_letters(0, 3);
	assert_int_equal(dlq_reader_open(&other, &settings, DEAD, "other", &failure), OUTCOME_DONE);
	delivery = next(other);
	delivery_free(&delivery);
	fake_time_start(1000000);
	fake_time_on_wait(close_other, &other);
	open_reader();
	assert_null(other);
	assert_false(dlq_reader_has_other_consumers(reader));
	for (unsigned i = 0; i < 3; i++)
		assert_next(i);
	assert_null(next(reader));
}

static void
test_preserve_order(void **state)
{
	(void)state;
	put_letters(0, 10);
	open_reader();
	assert_next(0);
	assert_int_equal(fake_broker_unacked(DEAD), 1);
	dlq_reader_preserve_order(reader);
	assert_int_equal(fake_broker_unacked(DEAD), 10);
	dlq_reader_close(&reader);
	assert_queue_has(0, 10);
}

static void
test_cancelled(void **state)
{
	struct delivery *delivery;
	bool end;

	(void)state;
	put_letters(0, 2);
	open_reader();
	fake_broker_cancel_consumers();
	assert_int_equal(dlq_reader_next(reader, &delivery, &end, &failure), OUTCOME_RETRY);
	assert_null(delivery);
	assert_int_equal(failure.exit_code, EX_UNAVAILABLE);
	assert_non_null(strstr(failure.text, "queue " DEAD " is gone"));
	dlq_reader_close(&reader);
	assert_queue_has(0, 2);
}

static void
test_no_queue(void **state)
{
	(void)state;
	assert_int_not_equal(dlq_reader_open(&reader, &settings, "none", "test", &failure),
			     OUTCOME_DONE);
	assert_null(reader);
}

static bool
count_two(void *context, const struct delivery *delivery)
{
	char body[32];

	snprintf(body, sizeof(body), "%u", *(unsigned *)context);
	assert_true(span_equals(delivery->message.body, span_of(body)));
	return ++*(unsigned *)context < 2;
}

static bool
count_all(void *context, const struct delivery *delivery)
{
	(void)delivery;
	++*(unsigned *)context;
	return true;
}

static void
test_each(void **state)
{
	unsigned count = 0;
	uint32_t missing = 7;

	(void)state;
	put_letters(0, 4);
	assert_int_equal(
		dlq_reader_each(&settings, DEAD, "test", count_two, &count, NULL, &failure),
		OUTCOME_DONE);
	assert_int_equal(count, 2);
	count = 0;
	assert_int_equal(
		dlq_reader_each(&settings, DEAD, "test", count_all, &count, &missing, &failure),
		OUTCOME_DONE);
	assert_int_equal(count, 4);
	assert_int_equal(missing, 0);
	assert_queue_has(0, 4);
}

/* Whichever call fails, the reader says so, ends, and every letter is back. */
static void
test_each_call_fails(void **state)
{
	bool failed = true;
	unsigned n;

	(void)state;
	for (n = 1; failed; n++) {
		enum outcome outcome;
		unsigned count = 0;

		setup(NULL);
		put_letters(0, 3);
		fake_fail(&(struct fake_fault){.nth = n, .outcome = OUTCOME_RETRY});
		outcome =
			dlq_reader_each(&settings, DEAD, "test", count_all, &count, NULL, &failure);
		failed = fake_calls(NULL) >= n;
		assert_int_equal(outcome, failed ? OUTCOME_RETRY : OUTCOME_DONE);
		assert_int_equal(fake_broker_connections(), 0);
		assert_queue_has(0, 3);
		assert_int_equal(teardown(NULL), 0);
	}
	assert_true(n > 8);
}

static void
look(unsigned times, enum outcome expected)
{
	for (unsigned i = 0; i < times; i++) {
		unsigned count = 0;

		assert_int_equal(
			dlq_reader_each(&settings, DEAD, "test", count_all, &count, NULL, &failure),
			expected);
		assert_int_equal(count, expected == OUTCOME_DONE ? 3 : 0);
	}
	assert_queue_has(0, 3);
}

/* Made by 3.x, now on 4: with RabbitMQ's own limit no look touches a letter. */
static void
test_bare_queue(void **state)
{
	(void)state;
	put_letters(0, 3);
	fake_broker_set_bare(DEAD);
	look(60, OUTCOME_FATAL);
	assert_int_equal(failure.exit_code, EX_CONFIG);
	assert_non_null(strstr(failure.text, "queue " DEAD " has a delivery limit of 20"));
	assert_non_null(strstr(failure.text, "'{\"delivery-limit\": -1}'"));
	assert_int_equal(fake_calls("broker_consume_more"), 0);
	fake_broker_set_policy_limit(-1);
	look(60, OUTCOME_DONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_stay, setup, teardown),
		cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
		cmocka_unit_test_setup_teardown(test_consumers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ack, setup, teardown),
		cmocka_unit_test_setup_teardown(test_later_letters, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_waits_for_others, setup, teardown),
		cmocka_unit_test_setup_teardown(test_preserve_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancelled, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_queue, setup, teardown),
		cmocka_unit_test_setup_teardown(test_each, setup, teardown),
		cmocka_unit_test(test_each_call_fails),
		cmocka_unit_test_setup_teardown(test_bare_queue, setup, teardown),
	};

	return cmocka_run_group_tests_name("dlq_reader", tests, NULL, NULL);
}
