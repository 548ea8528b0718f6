/* SPDX-License-Identifier: MIT */
/*
 * test_dead_letters.c - rejected lines to the dead-letter queue of a broker in memory: confirmed,
 * whatever happens on the way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/settings/settings.h"
#include "common/settings/stage.h"
#include "common/worker/dead_letters.h"
#include "tests/fakes/fake_broker.h"
#include "tests/fakes/fake_time.h"

static const char QUEUE[] = "queue-data-clean";
static const char DEAD_QUEUE[] = "queue-data-clean.dead";

static struct settings settings;
static struct status_page page;
static struct process process;
static struct dead_letters *dead;
static struct delivery *delivery; /* that the lines are from */
static struct rejected_line lines[400];
static char texts[400][16];

static unsigned served;	     /* calls of serve() */
static unsigned serve_until; /* it gives up then; 0 = never */
static void (*on_serve)(void);

static int
no_fd(void *context)
{
	(void)context;
	return -1;
}

static bool
serve(void *context)
{
	(void)context;
	served++;
	if (on_serve != NULL)
		on_serve();
	return serve_until == 0 || served < serve_until;
}

static void
make_lines(void)
{
	struct message message = MESSAGE_INIT;

	message.body = SPAN_LITERAL("not looked at\n");
	message.message_id = SPAN_LITERAL("0123456789abcdef:1000");
	message.file_id = SPAN_LITERAL("0123456789abcdef");
	message.source = SPAN_LITERAL("/var/log/a.log");
	message.format = SPAN_LITERAL("ezproxy");
	message.offset = 1000;
	message.lines = 400;
	fake_broker_put(QUEUE, &message);
	delivery = fake_broker_look(QUEUE, 0);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		snprintf(texts[i], sizeof(texts[i]), "line %zu", i);
		lines[i] = (struct rejected_line){
			.from = {.delivery = delivery,
				 .line = span_of(texts[i]),
				 .offset_in_body = 10 * i},
			.reason = REASON_PARSE_NO_MATCH,
			.detail = "byte 1: what is this",
		};
	}
}

static int
set_up(void **state)
{
	const struct keepalive keepalive = {.fd = no_fd, .serve = serve};

	(void)state;
	log_configure(LOG_LEVEL_ERROR, LOG_STYLE_LOGFMT);
	memset(&page, 0, sizeof(page));
	settings = (struct settings){.identity = IDENTITY_LINE};
	settings.broker.retry_min_ms = 500;
	settings.broker.retry_max_ms = 30000;
	settings.broker.delivery_limit = 10;
	process = (struct process){
		.settings = &settings, .status = &page, .signal_fd = -1, .supervisor_fd = -1};
	served = serve_until = 0;
	on_serve = NULL;
	fake_reset();
	fake_broker_reset();
	fake_broker_add_queue(QUEUE);
	fake_time_start(INT64_C(24) * 3600 * 1000);
	make_lines();
	dead = dead_letters_new(&process, "clean", QUEUE, "clean/0@here", &keepalive);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	dead_letters_free(&dead);
	delivery_free(&delivery);
	fake_time_stop();
	fake_broker_reset();
	return 0;
}

static void
publish(size_t count)
{
	assert_int_equal(dead_letters_publish(dead, lines, count), OUTCOME_DONE);
}

static void
assert_all_are_there(size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!fake_broker_has(DEAD_QUEUE, texts[i]))
			fail_msg("%s is no dead letter", texts[i]);
}

static void
assert_span(struct span span, const char *text)
{
	if (!span_equals(span, span_of(text)))
		fail_msg("\"%.*s\" instead of \"%s\"", (int)span.len, span.ptr, text);
}

static void
test_what_is_sent(void **state)
{
	struct delivery *letter;

	(void)state;
	publish(2);
	assert_int_equal(fake_broker_ready(DEAD_QUEUE), 2);
	letter = fake_broker_look(DEAD_QUEUE, 1);
	assert_span(letter->message.body, "line 1");
	assert_span(letter->message.message_id, "0123456789abcdef:1010");
	assert_span(letter->message.file_id, "0123456789abcdef");
	assert_span(letter->message.source, "/var/log/a.log");
	assert_span(letter->message.format, "ezproxy");
	assert_span(letter->message.stage, "clean");
	assert_span(letter->message.reason, "parse.no_match");
	assert_span(letter->message.detail, "byte 1: what is this");
	assert_span(letter->message.worker, "clean/0@here");
	assert_int_equal(letter->message.offset, 1010);
	assert_int_equal(letter->message.lines, 1);
	assert_int_equal(letter->message.attempts, 1);
	assert_int_equal(letter->message.retries, -1);
	assert_int_equal(letter->message.first_failed_s, 1700000000);
	assert_int_equal(letter->message.last_failed_s, 1700000000);
	delivery_free(&letter);
	assert_int_equal(status_counter(&page, COUNTER_LINES_REJECTED), 2);
	assert_int_equal(atomic_load(&page.rejected[REASON_PARSE_NO_MATCH]), 2);
}

/* Without a rejected line there is no connection. */
static void
test_nothing_to_send(void **state)
{
	(void)state;
	publish(0);
	dead_letters_keep_alive(dead);
	assert_int_equal(fake_calls(NULL), 0);
}

static void
release_confirms(void)
{
	fake_broker_release_confirms(true);
}

static void
test_windows(void **state)
{
	(void)state;
	fake_broker_hold_confirms(true);
	on_serve = release_confirms;
	publish(400);
	assert_int_equal(fake_broker_ready(DEAD_QUEUE), 400);
	assert_all_are_there(400);
	assert_int_equal(served, 4); /* a window is 128 lines, confirmed at once */
	assert_int_equal(fake_calls("broker_open"), 1);
}

/* Lines of many bytes: a window never holds more than a MiB, except for a single line. */
static void
test_window_of_bytes(void **state)
{
	char *large = xcalloc(600000, 1);

	(void)state;
	memset(large, 'x', 600000);
	for (size_t i = 0; i < 3; i++)
		lines[i].from.line = (struct span){.ptr = large, .len = 600000};
	fake_broker_hold_confirms(true);
	on_serve = release_confirms;
	publish(3);
	assert_int_equal(fake_broker_ready(DEAD_QUEUE), 3);
	assert_int_equal(served, 3);
	free(large);
}

/* Only what was refused is sent once more. */
static void
test_nack(void **state)
{
	(void)state;
	fake_broker_nack_next(2);
	publish(5);
	assert_int_equal(fake_broker_ready(DEAD_QUEUE), 5);
	assert_all_are_there(5);
	assert_int_equal(fake_calls("broker_publish"), 7);
	assert_int_equal(fake_calls("broker_open"), 2);
	assert_true(fake_time_passed_ms() > 0);
}

/* The queue is full until somebody makes room. */
static void
make_room_after_a_while(void)
{
	if (served == 60)
		fake_broker_set_full(DEAD_QUEUE, false);
}

static void
test_full_queue(void **state)
{
	(void)state;
	fake_broker_add_queue(DEAD_QUEUE);
	fake_broker_set_full(DEAD_QUEUE, true);
	on_serve = make_room_after_a_while;
	publish(3);
	assert_int_equal(fake_broker_ready(DEAD_QUEUE), 3);
	assert_non_null(strstr(fake_record(), "broker_next nacked"));
}

/* No binding: what comes back is not safe, though its ack says so; a new connection heals it. */
static void
test_returned(void **state)
{
	(void)state;
	publish(1);
	assert_true(fake_broker_unbind("topic-exchange-logs.dead", QUEUE, DEAD_QUEUE));
	assert_int_equal(dead_letters_publish(dead, lines + 1, 3), OUTCOME_DONE);
	assert_non_null(strstr(fake_record(), "broker_next returned"));
	assert_int_equal(fake_broker_ready(DEAD_QUEUE), 4);
	assert_all_are_there(4);
	assert_int_equal(fake_calls("broker_open"), 2);
}

/* What was confirmed before the connection broke is not sent once more. */
static void
test_lost_connection(void **state)
{
	struct fake_fault fault = {.function = "broker_next", .nth = 4, .outcome = OUTCOME_RETRY};

	(void)state;
	fake_fail(&fault);
	publish(10);
	assert_all_are_there(10);
	/* three confirms were read before the fourth answer was lost */
	assert_int_equal(fake_calls("broker_publish"), 10 + 7);
}

static void
test_interrupted(void **state)
{
	(void)state;
	fake_broker_hold_confirms(true);
	serve_until = 5;
	assert_int_equal(dead_letters_publish(dead, lines, 3), OUTCOME_RETRY);
	assert_int_equal(served, 5);
	assert_int_equal(status_counter(&page, COUNTER_LINES_REJECTED), 0);
}

static void
test_stop(void **state)
{
	struct fake_fault fault = {
		.function = "broker_open", .times = 100, .outcome = OUTCOME_RETRY};

	(void)state;
	process.stop = true;
	fake_fail(&fault);
	assert_int_equal(dead_letters_publish(dead, lines, 3), OUTCOME_RETRY);
	assert_int_equal(fake_calls("broker_open"), 4);
}

static void
look_at_alarm(void)
{
	if (served == 2)
		assert_non_null(strstr(page.last_error.text, "low on memory"));
	if (served == 3)
		fake_broker_set_alarm(false);
}

static void
test_alarm(void **state)
{
	(void)state;
	fake_broker_set_alarm(true);
	on_serve = look_at_alarm;
	publish(2);
	assert_true(served >= 3);
	assert_int_equal(fake_broker_ready(DEAD_QUEUE), 2);
	dead_letters_keep_alive(dead);
	assert_string_equal(page.last_error.text, "");
}

static void
test_keep_alive(void **state)
{
	(void)state;
	publish(1);
	dead_letters_keep_alive(dead);
	assert_int_equal(fake_broker_connections(), 1);
	fake_broker_cut();
	dead_letters_keep_alive(dead);
	assert_int_equal(fake_broker_connections(), 0);
	assert_int_equal(dead_letters_publish(dead, lines + 1, 1), OUTCOME_DONE);
	assert_int_equal(fake_broker_ready(DEAD_QUEUE), 2);
}

/* --- every call fails once --- */

static void
test_each_call_fails(void **state)
{
	static const struct fake_fault faults[] = {
		{.outcome = OUTCOME_RETRY},
		{.outcome = OUTCOME_RETRY, .has_effect = true},
		{.outcome = OUTCOME_FATAL, .code = 403, .times = 3},
	};
	unsigned calls = 1;

	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		for (unsigned n = 1; n <= calls; n++) {
			struct fake_fault fault = faults[i];

			tear_down(state);
			set_up(state);
			fault.nth = n;
			fake_fail(&fault);
			publish(6);
			assert_all_are_there(6);
			calls = MAX(calls, n == 1 ? fake_calls(NULL) : calls);
		}
	}
	assert_true(calls >= 20);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_sent),
		TEST(test_nothing_to_send),
		TEST(test_windows),
		TEST(test_window_of_bytes),
		TEST(test_nack),
		TEST(test_full_queue),
		TEST(test_returned),
		TEST(test_lost_connection),
		TEST(test_interrupted),
		TEST(test_stop),
		TEST(test_alarm),
		TEST(test_keep_alive),
		TEST(test_each_call_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
