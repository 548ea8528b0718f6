/* SPDX-License-Identifier: MIT */
/*
 * audit_dead.c - look at every dead letter of a queue without taking it away.
 */
#include "supervisor/audit_dead.h"
#include "common/clock.h"

#include <poll.h>

enum { PREFETCH = 2000, IDLE_MS = 5000 };

static enum outcome
walk(struct broker *broker, enum audit_queue queue, uint32_t count, audit_dead_fn *take,
     void *context, struct failure *failure)
{
	int64_t end_ms = clock_mono_ms() + IDLE_MS;

	while (count > 0 && clock_mono_ms() < end_ms) {
		struct pollfd watched = {.fd = broker_fd(broker), .events = POLLIN};
		struct broker_event event;

		if (broker_next(broker, &event, failure) != OUTCOME_DONE)
			return failure->outcome;
		if (event.kind == BROKER_NOTHING)
			poll(&watched, 1, 200);
		if (event.kind != BROKER_DELIVERY)
			continue;
		count--;
		end_ms = clock_mono_ms() + IDLE_MS;
		if (!take(context, queue, &event.delivery->message))
			count = 0;
		delivery_free(&event.delivery);
	}
	return OUTCOME_DONE;
}

enum outcome
audit_dead_walk(const struct broker_settings *settings, enum audit_queue queue, audit_dead_fn *take,
		void *context, struct failure *failure)
{
	const char *name = audit_queue_names[queue].dead_queue;
	struct broker *broker = NULL;
	uint32_t count = 0;

	if (broker_open(&broker, settings, BROKER_ADMIN, "sluicectl audit", failure) !=
		    OUTCOME_DONE ||
	    broker_declare_queue(broker, name, true, NULL, 0, &count, NULL, failure) !=
		    OUTCOME_DONE ||
	    broker_consume(broker, name, PREFETCH, failure) != OUTCOME_DONE ||
	    walk(broker, queue, count, take, context, failure) != OUTCOME_DONE) {
		broker_abandon(&broker);
		return failure->outcome;
	}
	broker_close(&broker);
	return OUTCOME_DONE;
}
