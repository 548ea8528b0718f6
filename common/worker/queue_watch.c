/* SPDX-License-Identifier: MIT */
/*
 * queue_watch.c - depth by passive declare, ages by the timestamps of messages.
 */
#include "common/worker/queue_watch.h"
#include "common/base/defs.h"
#include "common/base/clock.h"
#include "common/broker/broker_declare.h"

#include <string.h>

static void
put(_Atomic int64_t *field, int64_t value)
{
	atomic_store_explicit(field, value, memory_order_relaxed);
}

enum outcome
queue_watch_poll(struct status_page *page, struct broker *broker, const struct stage *stage,
		 size_t in_hand, int64_t *due_ms, struct failure *failure)
{
	int64_t now_ms = clock_mono_ms();

	put(&page->queue.in_hand, (int64_t)in_hand);
	if (now_ms < *due_ms)
		return OUTCOME_DONE;
	*due_ms = now_ms + QUEUE_WATCH_MS;
	/* the queue last: its answer completes the report */
	if (broker_ask_depth(broker, stage->dead_queue, failure) != OUTCOME_DONE)
		return failure->outcome;
	return broker_ask_depth(broker, stage->queue, failure);
}

void
queue_watch_note_depth(struct status_page *page, const struct broker_event *event,
		       const struct stage *stage)
{
	struct queue_report *report = &page->queue;

	if (strcmp(event->text, stage->queue) != 0) {
		int64_t dead = event->messages;

		/* The broker does not count what a consumer holds. */
		if (event->consumers > 0)
			dead = MAX(dead, atomic_load_explicit(&report->dead, memory_order_relaxed));
		put(&report->dead, dead);
		return;
	}
	put(&report->ready, event->messages);
	put(&report->consumers, event->consumers);
	put(&report->at_ms, clock_mono_ms());
}

void
queue_watch_note_delivery(struct status_page *page, const struct delivery *delivery)
{
	put(&page->queue.published_s, delivery->message.timestamp_s);
}

void
queue_watch_note_batch(struct status_page *page, const struct batch *batch, int64_t took_ms)
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
