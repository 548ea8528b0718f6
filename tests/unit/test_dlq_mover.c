/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_mover.c - letters leave their queue when all that was made of them is confirmed, and not
 * before; whichever call fails, none is in neither place.
 */
#include "common/base/xalloc.h"
#include "supervisor/dlq/dlq_interrupt.h"
#include "supervisor/dlq/dlq_mover.h"
#include "tests/fakes/fake_broker.h"
#include "tests/fakes/fake_time.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <cmocka.h>

#define ORIGIN "origin"
#define DEAD "origin.dead"

enum { LETTERS = 4, WINDOW = 512 };

static const struct broker_settings settings;
static struct dlq_reader *reader;
static struct dlq_mover *mover;
static struct failure failure;

static int
setup(void **state)
{
	(void)state;
	fake_reset();
	fake_broker_reset();
	fake_broker_add_queue(ORIGIN);
	fake_broker_add_queue(DEAD);
	fake_time_start(1000000);
	return 0;
}

static void
close_both(void)
{
	dlq_mover_close(&mover);
	dlq_reader_close(&reader);
	assert_int_equal(fake_broker_connections(), 0);
}

static int
teardown(void **state)
{
	(void)state;
	close_both();
	fake_broker_on_ack(NULL, NULL);
	fake_time_on_wait(NULL, NULL);
	fake_time_stop();
	fake_reset();
	return 0;
}

static void
put_letters(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char body[32];

		snprintf(body, sizeof(body), "letter %u", i);
		fake_broker_put_text(DEAD, body);
	}
}

static enum outcome
open_both(void)
{
	enum outcome outcome = dlq_reader_open(&reader, &settings, DEAD, "test", &failure);

	if (outcome == OUTCOME_DONE)
		outcome = dlq_mover_open(&mover, &settings, reader, "test", &failure);
	return outcome;
}

static enum outcome
publish(struct span body)
{
	json_t *properties = json_object();
	enum outcome outcome = dlq_mover_publish(mover, ORIGIN, properties, body, &failure);

	json_decref(properties);
	return outcome;
}

/* The next letter as one message. *end: there is none. */
static enum outcome
move_next(bool *end)
{
	struct delivery *delivery = NULL;
	enum outcome outcome;

	do
		outcome = dlq_reader_next(reader, &delivery, end, &failure);
	while (outcome == OUTCOME_DONE && delivery == NULL && !*end);
	if (delivery == NULL)
		return outcome;
	dlq_mover_begin(mover, delivery->tag);
	outcome = publish(delivery->message.body);
	if (outcome == OUTCOME_DONE)
		outcome = dlq_mover_end(mover, &failure);
	delivery_free(&delivery);
	return outcome;
}

static enum outcome
move_all(void)
{
	enum outcome outcome = open_both();
	bool end = false;

	while (outcome == OUTCOME_DONE && !end)
		outcome = move_next(&end);
	return outcome == OUTCOME_DONE ? dlq_mover_finish(mover, &failure) : outcome;
}

/* Nothing may be acknowledged that is not in the other queue. */
static void
assert_is_at_origin(void *context, const char *queue, const struct message *message)
{
	char *body = xstrndup(message->body.ptr, message->body.len);

	(void)context;
	assert_string_equal(queue, DEAD);
	assert_true(fake_broker_has(ORIGIN, body));
	free(body);
}

static void
test_all_move(void **state)
{
	(void)state;
	put_letters(LETTERS);
	fake_broker_on_ack(assert_is_at_origin, NULL);
	assert_int_equal(move_all(), OUTCOME_DONE);
	assert_int_equal(dlq_mover_moved(mover), LETTERS);
	assert_int_equal(dlq_mover_unconfirmed(mover), 0);
	close_both();
	assert_int_equal(fake_broker_ready(ORIGIN), LETTERS);
	assert_int_equal(fake_broker_ready(DEAD), 0);
}

static void
test_ack_after_confirm(void **state)
{
	bool end = false;

	(void)state;
	put_letters(3);
	assert_int_equal(open_both(), OUTCOME_DONE);
	fake_broker_hold_confirms(true);
	for (int i = 0; i < 3; i++)
		assert_int_equal(move_next(&end), OUTCOME_DONE);
	assert_int_equal(dlq_mover_serve(mover, 0, &failure), OUTCOME_DONE);
	assert_int_equal(fake_calls("broker_ack"), 0);
	assert_int_equal(dlq_mover_unconfirmed(mover), 3);
	fake_broker_release_confirms(true);
	assert_int_equal(dlq_mover_finish(mover, &failure), OUTCOME_DONE);
	assert_int_equal(fake_calls("broker_ack"), 3);
	assert_int_equal(dlq_mover_moved(mover), 3);
	close_both();
	assert_int_equal(fake_broker_ready(DEAD), 0);
}

static void
test_lost_before_confirm(void **state)
{
	bool end = false;

	(void)state;
	put_letters(2);
	assert_int_equal(open_both(), OUTCOME_DONE);
	fake_broker_hold_confirms(true);
	assert_int_equal(move_next(&end), OUTCOME_DONE);
	assert_int_equal(move_next(&end), OUTCOME_DONE);
	fake_broker_cut_use(BROKER_PUBLISH);
	assert_int_equal(dlq_mover_finish(mover, &failure), OUTCOME_RETRY);
	assert_int_equal(dlq_mover_moved(mover), 0);
	assert_int_equal(dlq_mover_unconfirmed(mover), 2);
	close_both();
	assert_int_equal(fake_broker_ready(DEAD), 2); /* and at the origin, too */
	assert_int_equal(fake_broker_ready(ORIGIN), 2);
}

static void
test_nack(void **state)
{
	(void)state;
	put_letters(1);
	fake_broker_set_full(ORIGIN, true);
	assert_int_equal(move_all(), OUTCOME_RETRY);
	assert_int_equal(failure.exit_code, EX_UNAVAILABLE);
	assert_non_null(strstr(failure.text, "is the queue full?"));
	assert_int_equal(dlq_mover_moved(mover), 0);
	close_both();
	assert_int_equal(fake_broker_ready(DEAD), 1);
}

static void
test_return(void **state)
{
	(void)state;
	put_letters(2);
	fake_broker_delete_queue(ORIGIN);
	assert_int_equal(move_all(), OUTCOME_FATAL);
	assert_int_equal(failure.exit_code, EX_CONFIG);
	assert_non_null(strstr(failure.text, "NO_ROUTE: the queue is missing"));
	assert_int_equal(fake_calls("broker_ack"), 0);
	close_both();
	assert_int_equal(fake_broker_ready(DEAD), 2);
}

/* A frame sent as single lines is done with its last line. */
static void
test_split(void **state)
{
	struct delivery *delivery = NULL;
	bool end = false;

	(void)state;
	put_letters(1);
	assert_int_equal(open_both(), OUTCOME_DONE);
	while (delivery == NULL)
		assert_int_equal(dlq_reader_next(reader, &delivery, &end, &failure), OUTCOME_DONE);
	dlq_mover_begin(mover, delivery->tag);
	assert_int_equal(publish(SPAN_LITERAL("one")), OUTCOME_DONE);
	assert_int_equal(dlq_mover_serve(mover, 0, &failure), OUTCOME_DONE);
	assert_int_equal(dlq_mover_unconfirmed(mover), 0);
	fake_broker_hold_confirms(true);
	assert_int_equal(publish(SPAN_LITERAL("two")), OUTCOME_DONE);
	assert_int_equal(dlq_mover_end(mover, &failure), OUTCOME_DONE);
	assert_int_equal(fake_calls("broker_ack"), 0);
	fake_broker_release_confirms(false);
	assert_int_equal(dlq_mover_finish(mover, &failure), OUTCOME_DONE);
	assert_int_equal(dlq_mover_moved(mover), 1);
	delivery_free(&delivery);
}

/* A letter of which one line cannot be sent stays; the others go on. */
static void
test_reject(void **state)
{
	json_t *odd = json_pack("{s:{s:{s:s}}}", "headers", "x", "$text", "no base64!");
	struct delivery *delivery = NULL;
	bool end = false;

	(void)state;
	put_letters(2);
	assert_int_equal(open_both(), OUTCOME_DONE);
	while (delivery == NULL)
		assert_int_equal(dlq_reader_next(reader, &delivery, &end, &failure), OUTCOME_DONE);
	dlq_mover_begin(mover, delivery->tag);
	assert_int_equal(publish(SPAN_LITERAL("one")), OUTCOME_DONE);
	assert_int_equal(dlq_mover_publish(mover, ORIGIN, odd, SPAN_LITERAL("two"), &failure),
			 OUTCOME_REJECT);
	assert_int_equal(dlq_mover_end(mover, &failure), OUTCOME_DONE);
	assert_int_equal(move_next(&end), OUTCOME_DONE);
	assert_int_equal(dlq_mover_finish(mover, &failure), OUTCOME_DONE);
	assert_int_equal(dlq_mover_moved(mover), 1);
	close_both();
	assert_int_equal(fake_broker_ready(DEAD), 1);
	assert_true(fake_broker_has(DEAD, "letter 0"));
	delivery_free(&delivery);
	json_decref(odd);
}

static void
release_at_wait(void *context, unsigned wait)
{
	(void)context;
	(void)wait;
	fake_broker_release_confirms(true);
}

/* No more than a window of messages waits for its confirm. */
static void
test_window(void **state)
{
	bool end = false;

	(void)state;
	put_letters(2 * WINDOW + 3);
	assert_int_equal(open_both(), OUTCOME_DONE);
	fake_broker_hold_confirms(true);
	for (int i = 0; i < WINDOW; i++)
		assert_int_equal(move_next(&end), OUTCOME_DONE);
	assert_int_equal(dlq_mover_unconfirmed(mover), WINDOW);
	fake_time_on_wait(release_at_wait, NULL);
	assert_int_equal(move_next(&end), OUTCOME_DONE);
	assert_int_equal(dlq_mover_unconfirmed(mover), 1);
	assert_int_equal(dlq_mover_moved(mover), WINDOW);
	while (!end)
		assert_int_equal(move_next(&end), OUTCOME_DONE);
	assert_int_equal(dlq_mover_finish(mover, &failure), OUTCOME_DONE);
	assert_int_equal(dlq_mover_moved(mover), 2 * WINDOW + 3);
}

/* Without a reader, as in an import: confirmed is moved. */
static void
test_no_reader(void **state)
{
	(void)state;
	assert_int_equal(dlq_mover_open(&mover, &settings, NULL, "test", &failure), OUTCOME_DONE);
	dlq_mover_begin(mover, 0);
	assert_int_equal(publish(SPAN_LITERAL("x")), OUTCOME_DONE);
	assert_int_equal(dlq_mover_end(mover, &failure), OUTCOME_DONE);
	assert_int_equal(dlq_mover_finish(mover, &failure), OUTCOME_DONE);
	assert_int_equal(dlq_mover_moved(mover), 1);
	assert_int_equal(fake_calls("broker_ack"), 0);
}

/* What is left when it ends, however it ended. */
static void
assert_none_lost(uint64_t moved, uint64_t unconfirmed)
{
	size_t twice = 0;

	for (unsigned i = 0; i < LETTERS; i++) {
		char body[32];
		bool dead, origin;

		snprintf(body, sizeof(body), "letter %u", i);
		dead = fake_broker_has(DEAD, body);
		origin = fake_broker_has(ORIGIN, body);
		assert_true(dead || origin);
		twice += dead && origin;
	}
	assert_true(fake_broker_ready(DEAD) <= LETTERS);
	assert_true(moved <= fake_broker_ready(ORIGIN));
	/* what people are told covers all that can be in two places */
	assert_true(twice <= unconfirmed);
}

/* Each call fails once; with what was asked for done, and not done. */
static void
test_each_call_fails(void **state)
{
	bool failed = true;
	unsigned n;

	(void)state;
	for (n = 1; failed; n++) {
		for (int has_effect = 0; has_effect < 2; has_effect++) {
			uint64_t moved, unconfirmed;
			enum outcome outcome;

			setup(NULL);
			put_letters(LETTERS);
			fake_broker_on_ack(assert_is_at_origin, NULL);
			fake_fail(&(struct fake_fault){
				.nth = n, .outcome = OUTCOME_RETRY, .has_effect = has_effect != 0});
			outcome = move_all();
			failed = fake_calls(NULL) >= n;
			assert_int_equal(outcome, failed ? OUTCOME_RETRY : OUTCOME_DONE);
			moved = mover != NULL ? dlq_mover_moved(mover) : 0;
			unconfirmed = mover != NULL ? dlq_mover_unconfirmed(mover) : 0;
			close_both();
			assert_none_lost(moved, unconfirmed);
			teardown(NULL);
		}
	}
	assert_true(n > 3 * LETTERS);
}

/* Last: the note of an interrupt stays. */
static void
test_interrupt_under_alarm(void **state)
{
	bool end = false;

	(void)state;
	put_letters(2);
	assert_int_equal(open_both(), OUTCOME_DONE);
	fake_broker_set_alarm(true);
	fake_broker_hold_confirms(true);
	dlq_interrupt_catch();
	assert_false(dlq_interrupt_seen());
	raise(SIGINT);
	assert_true(dlq_interrupt_seen());
	assert_int_equal(move_next(&end), OUTCOME_RETRY);
	assert_int_equal(failure.exit_code, EX_TEMPFAIL);
	assert_non_null(strstr(failure.text, "alarm"));
	close_both();
	fake_broker_set_alarm(false);
	fake_broker_hold_confirms(false);
	assert_int_equal(fake_broker_ready(DEAD), 2);
	/* what was sent before the alarm is not waited for either */
	assert_int_equal(open_both(), OUTCOME_DONE);
	fake_broker_hold_confirms(true);
	assert_int_equal(move_next(&end), OUTCOME_DONE);
	fake_broker_set_alarm(true);
	assert_int_equal(dlq_mover_finish(mover, &failure), OUTCOME_RETRY);
	assert_int_equal(dlq_mover_unconfirmed(mover), 1);
	close_both();
	assert_int_equal(fake_broker_ready(DEAD), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_move, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ack_after_confirm, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lost_before_confirm, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nack, setup, teardown),
		cmocka_unit_test_setup_teardown(test_return, setup, teardown),
		cmocka_unit_test_setup_teardown(test_split, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reject, setup, teardown),
		cmocka_unit_test_setup_teardown(test_window, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_reader, setup, teardown),
		cmocka_unit_test(test_each_call_fails),
		cmocka_unit_test_setup_teardown(test_interrupt_under_alarm, setup, teardown),
	};

	return cmocka_run_group_tests_name("dlq_mover", tests, NULL, NULL);
}
