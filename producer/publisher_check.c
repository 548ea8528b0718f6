/* SPDX-License-Identifier: MIT */
/*
 * publisher_check.c - what the publisher does about checks of the bindings.
 */
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/broker/topology.h"
#include "common/broker/broker_publish.h"
#include "producer/publisher.h"

enum { PASSIVE_PAUSE_MS = 2000 };

/* Put the bindings back; on failure the connection is spent. */
static enum outcome
heal(struct publisher *publisher, struct failure *failure)
{
	if (topology_assert(publisher->broker, publisher->settings, failure) != OUTCOME_DONE)
		return failure->outcome;
	return topology_assert_spares(publisher->broker, publisher->settings, failure);
}

static enum outcome
on_lost(struct publisher *publisher, struct failure *failure)
{
	struct status_page *status = publisher->process->status;
	bool passive = publisher->settings->broker.declare == DECLARE_PASSIVE;
	char text[400];

	publisher->check.dirty = true; /* ask again */
	publisher->check.next_ms = passive ? clock_mono_ms() + PASSIVE_PAUSE_MS : 0;
	if (passive && !publisher->was_bound) {
		log_info("the broker has no spare bindings: a binding that is lost cannot be "
			 "noticed (sluicectl topology apply makes them)");
		publisher->check.count = 0;
		return OUTCOME_DONE;
	}
	publisher->binding_lost = true;
	if (!passive)
		return heal(publisher, failure);
	snprintf(text, sizeof(text),
		 "broker %s: queue %s has lost its bindings: nothing is published until they are "
		 "there again (sluicectl topology apply)",
		 broker_address(publisher->broker), publisher->check.queue);
	status_set_error(status, text);
	if (reminder_due(&publisher->unbound, clock_mono_ms()))
		log_error("%s", text);
	return OUTCOME_DONE;
}

static void
on_good(struct publisher *publisher)
{
	publisher->was_bound = true;
	if (reminder_reset(&publisher->unbound))
		status_set_error(publisher->process->status, "");
	publisher->news = publisher->binding_lost ? PUBLISHER_REWIND : PUBLISHER_BOUND;
	publisher->binding_lost = false;
}

bool
publisher_checks(const struct publisher *publisher)
{
	return publisher->check.count > 0 ||
	       (publisher->broker == NULL && publisher->settings->producer.check_s > 0);
}

bool
publisher_is_verified(const struct publisher *publisher)
{
	return publisher->check.count == 0 ||
	       (!publisher->check.dirty && publisher->check.open == 0 && !publisher->binding_lost);
}

enum outcome
publisher_check_event(struct publisher *publisher, const struct broker_event *event,
		      struct failure *failure)
{
	if (event->kind != BROKER_ACKED && event->kind != BROKER_NACKED)
		return OUTCOME_DONE;
	if (event->kind == BROKER_NACKED)
		binding_check_refused(&publisher->check, event->tag, event->multiple);
	switch (binding_check_answered(&publisher->check, event->tag, event->multiple)) {
	case BINDING_NO_ANSWER:
		break;
	case BINDING_GOOD:
		on_good(publisher);
		break;
	case BINDING_LOST:
		return on_lost(publisher, failure);
	}
	return OUTCOME_DONE;
}

static enum outcome
ask(struct publisher *publisher, int64_t now_ms, struct failure *failure)
{
	struct binding_check *check = &publisher->check;

	binding_check_begin(check, publisher->settings, now_ms);
	for (size_t i = 0; i < check->count; i++) {
		char key[TOPOLOGY_KEY_MAX], id[BINDING_CHECK_ID_MAX];
		const char *queue = topology_spare(publisher->settings, i, key);
		struct message message = binding_check_message(id, i);
		uint64_t tag;

		if (broker_publish(publisher->broker, TOPOLOGY_EXCHANGE, key, &message, &tag,
				   failure) != OUTCOME_DONE)
			return failure->outcome;
		binding_check_sent(check, i, queue, tag);
	}
	return OUTCOME_DONE;
}

enum outcome
publisher_check_turn(struct publisher *publisher, int64_t now_ms, struct failure *failure)
{
	if (publisher->broker == NULL || broker_is_blocked(publisher->broker) ||
	    publisher->news != PUBLISHER_NO_NEWS || !binding_check_due(&publisher->check, now_ms))
		return OUTCOME_DONE;
	publisher->news = PUBLISHER_ASKED;
	return ask(publisher, now_ms, failure);
}
