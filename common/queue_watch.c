/* SPDX-License-Identifier: MIT */
/*
 * queue_watch.c - depth by passive declare, ages by the timestamps of messages.
 */
#include "queue_watch.h"
#include "clock.h"

#include <stdio.h>

static void
put(_Atomic int64_t *field, int64_t value)
{
	atomic_store_explicit(field, value, memory_order_relaxed);
}

enum outcome
queue_watch_turn(struct status_page *page, struct broker *broker, const char *queue, size_t in_hand,
		 int64_t *due_ms, struct failure *failure)
{
	struct queue_report *report = &page->queue;
	int64_t now_ms = clock_mono_ms();
	uint32_t ready = 0, consumers = 0, dead = 0;
	char dead_queue[128];

	put(&report->in_hand, (int64_t)in_hand);
	if (now_ms < *due_ms)
		return OUTCOME_DONE;
	*due_ms = now_ms + QUEUE_WATCH_MS;
	snprintf(dead_queue, sizeof(dead_queue), "%s.dead", queue);
	if (broker_declare_queue(broker, queue, true, NULL, 0, &ready, &consumers, failure) !=
		    OUTCOME_DONE ||
	    broker_declare_queue(broker, dead_queue, true, NULL, 0, &dead, NULL, failure) !=
		    OUTCOME_DONE)
		return failure->outcome;
	put(&report->ready, ready);
	put(&report->consumers, consumers);
	put(&report->dead, dead);
	put(&report->at_ms, now_ms);
	return OUTCOME_DONE;
}

void
queue_watch_taken(struct status_page *page, const struct delivery *delivery)
{
	put(&page->queue.published_s, delivery->message.timestamp_s);
}

void
queue_watch_settled(struct status_page *page, const struct batch *batch, int64_t took_ms)
{
	int64_t now_ms = clock_wall_ms();
	size_t count;
	struct delivery *const *done = batch_done(batch, &count);

	if (batch_row_count(batch) > 0)
		histogram_add(&page->histograms[HISTOGRAM_BATCH], HISTOGRAM_BATCH, took_ms);
	for (size_t i = 0; i < count; i++) {
		int64_t published_s = done[i]->message.timestamp_s;

		if (published_s > 0)
			histogram_add(&page->histograms[HISTOGRAM_LAG], HISTOGRAM_LAG,
				      now_ms - published_s * 1000);
	}
}
