/* SPDX-License-Identifier: MIT */
/*
 * queue_watch.h - what a worker tells sluiced, which talks to no network, about its queue: how much
 * waits there, how old its messages are, how long batches take. All of it goes into the status
 * page.
 */
#ifndef COMMON_WORKER_QUEUE_WATCH_H
#define COMMON_WORKER_QUEUE_WATCH_H

#include "common/worker/batch.h"
#include "common/broker/broker.h"
#include "common/process/status.h"
#include "common/settings/stage.h"

enum { QUEUE_WATCH_MS = 3000 };

/*
 * When *due_ms (CLOCK_MONOTONIC) has come: ask the broker for the depth of the queue and of its
 * dead-letter queue, and set it to the next time; the answers come in as BROKER_DEPTH. Anything but
 * DONE: the connection is spent.
 */
enum outcome queue_watch_poll(struct status_page *page, struct broker *broker,
			      const struct stage *stage, size_t in_hand, int64_t *due_ms,
			      struct failure *failure) MUST_CHECK;

/* A BROKER_DEPTH came in on the connection that consumes from the queue. */
void queue_watch_note_depth(struct status_page *page, const struct broker_event *event,
			    const struct stage *stage);

/* A message came in. */
void queue_watch_note_delivery(struct status_page *page, const struct delivery *delivery);

/* The batch was written and acknowledged, which took so long. */
void queue_watch_note_batch(struct status_page *page, const struct batch *batch, int64_t took_ms);

#endif
