/* SPDX-License-Identifier: MIT */
/*
 * delivery_limit.c - how often a message survives being given back.
 */
#include "common/broker/delivery_limit.h"
#include "common/base/clock.h"
#include "common/broker/broker_consume.h"
#include "common/broker/broker_declare.h"
#include "common/broker/broker_errors.h"
#include "common/broker/broker_publish.h"
#include "common/broker/topology.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	DELIVERIES = 22,    /* with RabbitMQ's own limit of 20 number 22 finds nothing */
	ANSWER_MS = 5000,   /* for the confirm */
	RETURNED_MS = 2000, /* a message that was given back is there again by then */
	LOOK_MS = 2,
};

/* "queue-data-clean.dead" -> "queue-data-clean.trial-123-456.dead": two may try at a time. */
static void
trial_name(const char *dead_queue, char *name, size_t size)
{
	const char *end = strrchr(dead_queue, '.');
	int len = end != NULL ? (int)(end - dead_queue) : (int)strlen(dead_queue);

	snprintf(name, size, "%.*s.trial-%d-%" PRId64 "%s", len, dead_queue, (int)getpid(),
		 clock_wall_ms(), end != NULL ? end : "");
}

static enum outcome
put_message(struct broker *broker, const char *queue, struct failure *failure)
{
	int64_t until_ms = clock_mono_ms() + ANSWER_MS, left_ms;
	struct message message = MESSAGE_INIT;
	struct broker_event event;
	uint64_t tag;

	message.body = span_of("trial");
	if (broker_publish(broker, "", queue, &message, &tag, failure) != OUTCOME_DONE)
		return failure->outcome;
	while ((left_ms = until_ms - clock_mono_ms()) > 0) {
		if (broker_next(broker, &event, failure) != OUTCOME_DONE)
			return failure->outcome;
		delivery_free(&event.delivery);
		if (event.kind == BROKER_ACKED)
			return OUTCOME_DONE;
		if (event.kind == BROKER_NOTHING)
			poll(&(struct pollfd){.fd = broker_fd(broker), .events = POLLIN}, 1,
			     (int)left_ms);
	}
	return failure_set(failure, OUTCOME_RETRY, EX_UNAVAILABLE,
			   "broker %s: %s: whether dead letters may be looked at cannot be tried",
			   broker_address(broker),
			   broker_is_blocked(broker) ? "it has an alarm and takes no messages"
						     : "no answer in time");
}

/* What was given back comes a little later. */
static enum outcome
deliver(struct broker *broker, const char *queue, bool *was_there, struct failure *failure)
{
	int64_t until_ms = clock_mono_ms() + RETURNED_MS;

	for (;;) {
		if (broker_deliver_once(broker, queue, was_there, failure) != OUTCOME_DONE)
			return failure->outcome;
		if (*was_there || clock_mono_ms() >= until_ms)
			return OUTCOME_DONE;
		poll(NULL, 0, LOOK_MS);
	}
}

static enum outcome
refuse(const struct broker *broker, const struct broker_settings *settings, const char *dead_queue,
       unsigned deliveries, struct failure *failure)
{
	char command[TOPOLOGY_COMMAND_MAX];

	/* the first delivery is no repeat: of 21 deliveries the limit is 20 */
	return failure_set(failure, OUTCOME_FATAL, EX_CONFIG,
			   "broker %s: queue %s has a delivery limit of %u: letters that are "
			   "looked at that often are gone, so they are left alone. Take the limit "
			   "away: %s",
			   broker_address(broker), dead_queue, deliveries > 0 ? deliveries - 1 : 0,
			   topology_unlimit_command(broker, settings, command));
}

static enum outcome
try_deliveries(struct broker *broker, const struct broker_settings *settings,
	       const char *dead_queue, const char *trial, struct failure *failure)
{
	unsigned deliveries = 0;
	bool was_there = true;

	if (put_message(broker, trial, failure) != OUTCOME_DONE)
		return failure->outcome;
	while (was_there && deliveries < DELIVERIES) {
		if (deliver(broker, trial, &was_there, failure) != OUTCOME_DONE)
			return failure->outcome;
		deliveries += was_there;
	}
	if (broker_delete_queue(broker, trial, failure) != OUTCOME_DONE)
		return failure->outcome;
	return was_there ? OUTCOME_DONE : refuse(broker, settings, dead_queue, deliveries, failure);
}

static enum outcome
try_limit(struct broker *broker, const struct broker_settings *settings, const char *dead_queue,
	  struct failure *failure)
{
	char trial[256];
	bool bare;

	trial_name(dead_queue, trial, sizeof(trial));
	if (topology_declare_dead(broker, settings, dead_queue, &bare, failure) != OUTCOME_DONE ||
	    topology_declare_trial(broker, trial, bare, failure) != OUTCOME_DONE)
		return failure->outcome;
	return try_deliveries(broker, settings, dead_queue, trial, failure);
}

enum outcome
delivery_limit_check(const struct broker_settings *settings, const char *dead_queue,
		     const char *client_name, struct failure *failure)
{
	struct broker *broker;
	enum outcome outcome;
	bool trusted;

	if (broker_open(&broker, settings, BROKER_PUBLISH, client_name, failure) != OUTCOME_DONE)
		return failure->outcome;
	outcome = try_limit(broker, settings, dead_queue, failure);
	if (outcome == OUTCOME_DONE) {
		broker_close(&broker);
		return OUTCOME_DONE;
	}
	trusted = failure->code == AMQP_CODE_ACCESS_REFUSED && broker_server_major(broker) == 3;
	broker_abandon(&broker);
	return trusted ? OUTCOME_DONE : outcome;
}
