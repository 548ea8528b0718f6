/* SPDX-License-Identifier: MIT */
/*
 * test_load.c - what a role has to do, from what its workers have left in their pages.
 */
#include "supervisor/daemon/load.h"
#include "common/base/clock.h"
#include "tests/unit/assert_between.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

static struct slot slots[SLOT_COUNT];
static struct slot *lake; /* its first slot */

static int
init_slots(void **state)
{
	*state = calloc(SLOT_COUNT, STATUS_PAGE_SIZE);
	slots_init(slots, *state);
	lake = &slots[role_table[ROLE_LAKE].first_slot];
	for (unsigned i = 0; i < 3; i++) {
		lake[i].starts = 1;
		lake[i].pid = 1000 + (pid_t)i;
		lake[i].child.state = CHILD_RUNNING;
		status_set_report(lake[i].page, REPORT_READY);
	}
	return 0;
}

static int
free_slots(void **state)
{
	free(*state);
	return 0;
}

static void
report_queue(struct slot *slot, int64_t at_ms, int64_t ready)
{
	atomic_store(&slot->page->queue.at_ms, at_ms);
	atomic_store(&slot->page->queue.ready, ready);
	atomic_store(&slot->page->queue.dead, ready + 1);
	atomic_store(&slot->page->queue.consumers, ready + 2);
}

/* The newest report counts, unless it is old or of a child that is gone. */
static void
test_queue(void **state UNUSED)
{
	int64_t now_ms = 1000000;
	struct load_queue queue = load_queue(slots, ROLE_LAKE, now_ms);

	assert_false(queue.known);
	assert_int_equal(queue.oldest_s, -1);
	report_queue(&lake[0], now_ms - 100000, 99);
	assert_false(load_queue(slots, ROLE_LAKE, now_ms).known);
	report_queue(&lake[0], now_ms - 5000, 10);
	report_queue(&lake[1], now_ms - 1000, 20);
	report_queue(&lake[2], now_ms - 3000, 30);
	queue = load_queue(slots, ROLE_LAKE, now_ms);
	assert_true(queue.known);
	assert_int_equal(queue.ready, 20);
	assert_int_equal(queue.dead, 21);
	assert_int_equal(queue.consumers, 22);
	/* While somebody looks at dead letters the newest worker may not know of those held. */
	atomic_store(&lake[1].page->queue.dead_consumers, 1);
	assert_int_equal(load_queue(slots, ROLE_LAKE, now_ms).dead, 31);
	lake[1].pid = 0;
	assert_int_equal(load_queue(slots, ROLE_LAKE, now_ms).ready, 30);
	assert_false(load_queue(slots, ROLE_CLEAN, now_ms).known);
	assert_false(load_queue(slots, ROLE_PRODUCER, now_ms).known);
}

static void
test_queue_in_hand(void **state UNUSED)
{
	int64_t now_ms = 1000000, now_s = clock_wall_ms() / 1000;
	struct load_queue queue;

	for (unsigned i = 0; i < 3; i++) {
		atomic_store(&lake[i].page->queue.in_hand, 5);
		atomic_store(&lake[i].page->queue.published_s, now_s - 100 - (int64_t)i);
	}
	lake[2].pid = 0; /* what it had is with the broker again */
	queue = load_queue(slots, ROLE_LAKE, now_ms);
	assert_int_equal(queue.in_hand, 10);
	/* The oldest that is in hand: one worker may hang while the others go on. */
	assert_between(queue.oldest_s, 101, 111);
	atomic_store(&lake[1].page->queue.in_hand, 0);
	assert_between(load_queue(slots, ROLE_LAKE, now_ms).oldest_s, 100, 110);
	/* Nothing in hand and nothing waits: nothing is old. */
	atomic_store(&lake[0].page->queue.in_hand, 0);
	report_queue(&lake[0], now_ms, 0);
	assert_int_equal(load_queue(slots, ROLE_LAKE, now_ms).oldest_s, 0);
	report_queue(&lake[0], now_ms, 1);
	assert_int_equal(load_queue(slots, ROLE_LAKE, now_ms).oldest_s, -1);
}

/* Totals never go down: a slot that was ever used counts, whoever is in it now. */
static void
test_sums(void **state UNUSED)
{
	for (unsigned i = 0; i < 4; i++) {
		status_add(lake[i].page, COUNTER_ROWS_STORED, 10);
		status_add_rejected(lake[i].page, REASON_PARSE_NO_MATCH);
		histogram_add(&lake[i].page->histograms[HISTOGRAM_LAG], HISTOGRAM_LAG, 7);
	}
	lake[2].pid = 0;
	lake[2].child.state = CHILD_BACKOFF;
	assert_int_equal(load_counter(slots, ROLE_LAKE, COUNTER_ROWS_STORED), 30);
	assert_int_equal(load_total(slots, ROLE_LAKE), 30);
	assert_int_equal(load_rejected(slots, ROLE_LAKE, REASON_PARSE_NO_MATCH), 3);
	assert_int_equal(load_histogram(slots, ROLE_LAKE, HISTOGRAM_LAG).sum_ms, 21);
	assert_int_equal(load_counter(slots, ROLE_CLEAN, COUNTER_ROWS_STORED), 0);
	assert_int_equal(load_running(slots, ROLE_LAKE), 2);
	assert_int_equal(load_ready(slots, ROLE_LAKE), 2);
}

static void
test_sample(void **state UNUSED)
{
	struct load load = {.paused = false};

	assert_true(load_sample(&load, slots, ROLE_LAKE, 1000));
	assert_false(load_sample(&load, slots, ROLE_LAKE, 1100)); /* once a second */
	status_add(lake[0].page, COUNTER_ROWS_STORED, 50);
	status_add(lake[1].page, COUNTER_FRAMES_IN, 5);
	report_queue(&lake[0], 2000, 77);
	assert_true(load_sample(&load, slots, ROLE_LAKE, 2000));
	assert_true(rate_per_s(&load.work, 5) == 50);
	assert_true(rate_per_s(&load.messages, 5) == 5);
	assert_int_equal(load.depth.count, 1); /* known since then */
}

/*
 * A message without a body is in hand but is no frame, and what is in hand is read a moment later than
 * the counter: less than nothing done is nothing.
 */
static void
test_sample_with_more_in_hand_than_taken(void **state UNUSED)
{
	struct load load = {.paused = false};

	assert_true(load_sample(&load, slots, ROLE_LAKE, 1000));
	atomic_store(&lake[0].page->queue.in_hand, 1);
	assert_true(load_sample(&load, slots, ROLE_LAKE, 2000));
	assert_true(rate_per_s(&load.messages, 5) == 0);
}

/* A queue that is known to be long asks for more; not while paused, stopped or switched off. */
static void
test_autoscale(void **state UNUSED)
{
	struct load load = {.limits = {.min = 1, .max = 8, .drain_s = 10}}, off = {.paused = false};
	char reason[160] = "";

	load_sample(&load, slots, ROLE_LAKE, 1000);
	for (int64_t now_ms = 2000; now_ms <= 20000; now_ms += 1000) {
		for (unsigned i = 0; i < 3; i++)
			status_add(lake[i].page, COUNTER_FRAMES_IN, 10);
		report_queue(&lake[0], now_ms, 100000);
		load_sample(&load, slots, ROLE_LAKE, now_ms);
	}
	assert_int_equal(load_autoscale(&off, slots, ROLE_LAKE, 3, 20000, reason, sizeof(reason)),
			 3);
	assert_int_equal(load_autoscale(&load, slots, ROLE_LAKE, 0, 20000, reason, sizeof(reason)),
			 0);
	load.paused = true;
	assert_int_equal(load_autoscale(&load, slots, ROLE_LAKE, 3, 20000, reason, sizeof(reason)),
			 3);
	load.paused = false;
	assert_string_equal(reason, "");
	assert_true(load_autoscale(&load, slots, ROLE_LAKE, 3, 20000, reason, sizeof(reason)) > 3);
	assert_string_not_equal(reason, "");
}

/* The same, but the last word on the queue is too old to go by. */
static void
test_autoscale_of_an_unknown_queue(void **state UNUSED)
{
	struct load load = {.limits = {.min = 1, .max = 8, .drain_s = 10}};
	char reason[160] = "";

	report_queue(&lake[0], 1000, 100000);
	for (int64_t now_ms = 30000; now_ms <= 50000; now_ms += 1000) {
		status_add(lake[0].page, COUNTER_FRAMES_IN, 10);
		load_sample(&load, slots, ROLE_LAKE, now_ms);
		assert_int_equal(
			load_autoscale(&load, slots, ROLE_LAKE, 3, now_ms, reason, sizeof(reason)),
			3);
	}
}

static void
test_limits(void **state UNUSED)
{
	struct settings settings = {
		.lake = {.autoscale_min = 2, .autoscale_max = 9, .autoscale_drain_s = 30},
		.clean = {.autoscale_min = 1, .autoscale_max = 4, .autoscale_drain_s = 60}};
	struct load load;

	load_set_limits(&load, ROLE_LAKE, &settings);
	assert_int_equal(load.limits.min, 2);
	assert_int_equal(load.limits.max, 9);
	assert_int_equal(load.limits.drain_s, 30);
	load_set_limits(&load, ROLE_CLEAN, &settings);
	assert_int_equal(load.limits.max, 4);
	load_set_limits(&load, ROLE_PRODUCER, &settings);
	assert_int_equal(load.limits.max, 0);
}

#define LOAD_TEST(function) cmocka_unit_test_setup_teardown(function, init_slots, free_slots)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOAD_TEST(test_queue),	   LOAD_TEST(test_queue_in_hand),
		LOAD_TEST(test_sums),	   LOAD_TEST(test_sample),
		LOAD_TEST(test_autoscale), LOAD_TEST(test_autoscale_of_an_unknown_queue),
		LOAD_TEST(test_limits),	   LOAD_TEST(test_sample_with_more_in_hand_than_taken),
	};

	return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
