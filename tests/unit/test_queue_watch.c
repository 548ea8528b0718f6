/* SPDX-License-Identifier: MIT */
/*
 * test_queue_watch.c - what a worker tells sluiced of its queue.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <string.h>

#include "common/settings/stage.h"
#include "common/worker/queue_watch.h"
#include "lake_worker/raw_row.h"
#include "tests/fakes/fake_broker.h"
#include "tests/fakes/fake_time.h"

static const struct broker_settings settings;
static const struct stage *stage = &stage_table[STAGE_LAKE];
static struct status_page page;
static struct broker *broker;
static struct failure failure;

static int
set_up(void **state)
{
	(void)state;
	memset(&page, 0, sizeof(page));
	fake_reset();
	fake_broker_reset();
	fake_broker_add_queue(stage->queue);
	fake_broker_add_queue(stage->dead_queue);
	fake_time_start(60000);
	assert_int_equal(broker_open(&broker, &settings, BROKER_CONSUME, "test", &failure),
			 OUTCOME_DONE);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	broker_close(&broker);
	fake_broker_reset();
	fake_time_stop();
	return 0;
}

static enum outcome
poll_queue(int64_t *due_ms)
{
	return queue_watch_poll(&page, broker, stage, 7, due_ms, &failure);
}

static void
read_answers(void)
{
	struct broker_event event;

	do {
		assert_int_equal(broker_next(broker, &event, &failure), OUTCOME_DONE);
		if (event.kind == BROKER_DEPTH)
			queue_watch_note_depth(&page, &event, stage);
	} while (event.kind != BROKER_NOTHING);
}

static void
test_depth(void **state)
{
	int64_t due_ms = 0;

	(void)state;
	fake_broker_put_text(stage->queue, "a");
	fake_broker_put_text(stage->queue, "b");
	fake_broker_put_text(stage->dead_queue, "c");
	assert_int_equal(poll_queue(&due_ms), OUTCOME_DONE);
	assert_int_equal(atomic_load(&page.queue.at_ms), 0);
	read_answers();
	assert_int_equal(atomic_load(&page.queue.ready), 2);
	assert_int_equal(atomic_load(&page.queue.dead), 1);
	assert_int_equal(atomic_load(&page.queue.consumers), 0);
	assert_int_equal(atomic_load(&page.queue.in_hand), 7);
	assert_true(atomic_load(&page.queue.at_ms) > 0);
}

/* Who looks at dead letters holds them, and the broker does not count those. */
static void
test_depth_while_somebody_looks(void **state)
{
	struct broker_event event = {.kind = BROKER_DEPTH};
	static const struct {
		uint32_t messages, consumers;
		int64_t dead;
	} steps[] = {{16, 0, 16}, {4, 1, 16}, {20, 1, 20}, {3, 2, 20}, {12, 0, 12}, {0, 0, 0}};

	(void)state;
	snprintf(event.text, sizeof(event.text), "%s", stage->dead_queue);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		event.messages = steps[i].messages;
		event.consumers = steps[i].consumers;
		queue_watch_note_depth(&page, &event, stage);
		assert_int_equal(atomic_load(&page.queue.dead), steps[i].dead);
		assert_int_equal(atomic_load(&page.queue.dead_consumers), steps[i].consumers);
	}
}

/* Not more often than it has to be. */
static void
test_interval(void **state)
{
	int64_t due_ms = 0;

	(void)state;
	for (int i = 0; i < 10; i++) {
		assert_int_equal(poll_queue(&due_ms), OUTCOME_DONE);
		fake_time_advance(QUEUE_WATCH_MS / 5);
	}
	assert_int_equal(fake_calls("broker_ask_depth"), 4);
}

static void
test_failure(void **state)
{
	struct fake_fault fault = {
		.function = "broker_ask_depth", .nth = 2, .outcome = OUTCOME_RETRY};
	int64_t due_ms = 0;

	(void)state;
	fake_fail(&fault);
	assert_int_equal(poll_queue(&due_ms), OUTCOME_RETRY);
}

/* How long the batch took, and how old its messages were. */
static void
test_batch(void **state)
{
	struct batch_limits limits = {
		.rows = 10, .deliveries = 4, .max_line_bytes = 100, .status = &page};
	struct batch *batch = batch_new(&raw_log_table, &limits, raw_row_fill, NULL);
	struct message message = MESSAGE_INIT;
	struct delivery *delivery;
	struct histogram_sum lag = {0}, line_lag = {0}, duration = {0};

	(void)state;
	message.body = SPAN_LITERAL("[14/Nov/2023:22:12:20 +0000] a\n"); /* a minute ago */
	message.timestamp_s = 1700000000 - 60; /* fake_time starts at 1700000000 */
	fake_broker_put(stage->queue, &message);
	message.published_ms = INT64_C(1700000000000) - 60000 + 750; /* of the same second: finer */
	fake_broker_put(stage->queue, &message);
	message.published_ms = 5; /* another second: it is of a message before this one */
	fake_broker_put(stage->queue, &message);
	message.body = SPAN_LITERAL("no time\n");
	message.timestamp_s = 0; /* unknown */
	fake_broker_put(stage->queue, &message);
	for (size_t i = 0; i < 4; i++) {
		delivery = fake_broker_look(stage->queue, i);
		if (i == 0) {
			queue_watch_note_delivery(&page, delivery);
			assert_int_equal(atomic_load(&page.queue.published_s), 1700000000 - 60);
		}
		batch_add_delivery(batch, delivery);
	}
	assert_true(batch_fill(batch));
	queue_watch_note_batch(&page, batch, 250);
	histogram_collect(&page.histograms[HISTOGRAM_LAG], &lag);
	histogram_collect(&page.histograms[HISTOGRAM_BATCH], &duration);
	assert_int_equal(histogram_total(&lag), 3);
	assert_int_equal(lag.sum_ms, 60000 + 59250 + 60000);
	histogram_collect(&page.histograms[HISTOGRAM_LINE_LAG], &line_lag);
	assert_int_equal(histogram_total(&line_lag), 1); /* of the newest line */
	assert_int_equal(line_lag.sum_ms, 60000);
	assert_int_equal(histogram_total(&duration), 1);
	assert_int_equal(duration.sum_ms, 250);
	batch_free(&batch);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_depth),    TEST(test_depth_while_somebody_looks),
		TEST(test_interval), TEST(test_failure),
		TEST(test_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
