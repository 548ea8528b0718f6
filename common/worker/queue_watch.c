/* SPDX-License-Identifier: MIT */
/*
 * queue_watch.c - depth by passive declare, ages by the timestamps of messages.
 */
#include "common/worker/queue_watch.h"
#include "common/base/defs.h"
#include "common/base/clock.h"
#include "common/broker/broker_declare.h"

#include <string.h>
#include <time.h>

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
		put(&report->dead_consumers, event->consumers);
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

/* A DATETIME, YYYYMMDDhhmmss, in seconds since 1970; 0 or less: a line without a time. */
static int64_t
seconds_of(int64_t datetime)
{
	struct tm utc = {
		.tm_year = (int)(datetime / 10000000000) - 1900,
		.tm_mon = (int)(datetime / 100000000 % 100) - 1,
		.tm_mday = (int)(datetime / 1000000 % 100),
		.tm_hour = (int)(datetime / 10000 % 100),
		.tm_min = (int)(datetime / 100 % 100),
		.tm_sec = (int)(datetime % 100),
	};

	return datetime > 0 ? timegm(&utc) : 0;
}

/* The header counts only beside its own timestamp: a letter that is sent again has a new one. */
static int64_t
published_ms(const struct message *message)
{
	return message->timestamp_s > 0 && message->published_ms / 1000 == message->timestamp_s
		       ? message->published_ms
		       : message->timestamp_s * 1000;
}

void
queue_watch_note_batch(struct status_page *page, const struct batch *batch, int64_t took_ms)
{
	int64_t now_ms = clock_wall_ms(), line_s;
	size_t count;
	struct delivery *const *done = batch_done(batch, &count);

	line_s = seconds_of(batch_newest_time(batch));
	if (line_s > 0)
		histogram_add(&page->histograms[HISTOGRAM_LINE_LAG], HISTOGRAM_LINE_LAG,
			      now_ms - line_s * 1000);
	if (batch_row_count(batch) > 0)
		histogram_add(&page->histograms[HISTOGRAM_BATCH], HISTOGRAM_BATCH, took_ms);
	for (size_t i = 0; i < count; i++) {
		int64_t since_ms = published_ms(&done[i]->message);

		if (since_ms > 0)
			histogram_add(&page->histograms[HISTOGRAM_LAG], HISTOGRAM_LAG,
				      now_ms - since_ms);
	}
}
