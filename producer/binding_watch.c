/* SPDX-License-Identifier: MIT */
/*
 * binding_watch.c - checks of the bindings over a connection.
 */
#include "producer/binding_watch.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/broker/broker_publish.h"
#include "common/broker/topology.h"

#include <stdio.h>

void
binding_watch_init(struct binding_watch *watch, struct process *process)
{
	*watch = (struct binding_watch){.process = process};
	binding_check_init(&watch->check, process->settings);
}

void
binding_watch_free(struct binding_watch *watch)
{
	binding_check_free(&watch->check);
}

enum outcome
binding_watch_ask(struct binding_watch *watch, struct broker *broker, int64_t now_ms,
		  struct failure *failure)
{
	struct binding_check *check = &watch->check;

	binding_check_begin(check, now_ms);
	for (size_t i = 0; i < check->count; i++) {
		struct message message = binding_check_message(check, i);
		uint64_t tag;

		if (broker_publish(broker, TOPOLOGY_EXCHANGE, check->questions[i].key, &message,
				   &tag, failure) != OUTCOME_DONE)
			return failure->outcome;
		binding_check_sent(check, i, tag);
	}
	return OUTCOME_DONE;
}

static void
note_unbound(struct binding_watch *watch, const struct broker *broker)
{
	char text[400];

	snprintf(text, sizeof(text),
		 "broker %s: queue %s has lost its bindings: nothing is published until they are "
		 "there again (sluicectl topology apply)",
		 broker_address(broker), watch->check.queue);
	status_set_error(watch->process->status, text);
	if (alert_raise(&watch->unbound, &alert_every_minute, 0, clock_mono_ms()))
		log_error("%s", text);
}

static enum outcome
on_lost(struct binding_watch *watch, struct broker *broker, struct failure *failure)
{
	const struct settings *settings = watch->process->settings;

	if (settings->broker.declare == DECLARE_PASSIVE) {
		note_unbound(watch, broker);
		return OUTCOME_DONE;
	}
	if (topology_assert(broker, settings, failure) != OUTCOME_DONE)
		return failure->outcome;
	return topology_assert_spares(broker, settings, failure);
}

enum outcome
binding_watch_answered(struct binding_watch *watch, struct broker *broker,
		       const struct broker_event *event, enum binding_answer *answer,
		       struct failure *failure)
{
	*answer = binding_check_answered(&watch->check, event->tag, event->multiple,
					 event->kind == BROKER_ACKED, clock_mono_ms());
	switch (*answer) {
	case BINDING_NO_ANSWER:
		break;
	case BINDING_LOST:
		return on_lost(watch, broker, failure);
	case BINDING_UNSUPPORTED:
		log_info("the broker has no spare bindings: a binding that is lost cannot be "
			 "noticed (sluicectl topology apply makes them)");
		break;
	case BINDING_GOOD:
	case BINDING_RESTORED:
		if (alert_clear(&watch->unbound, clock_mono_ms()))
			status_set_error(watch->process->status, "");
		break;
	}
	return OUTCOME_DONE;
}
