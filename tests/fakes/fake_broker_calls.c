/* SPDX-License-Identifier: MIT */
/*
 * fake_broker_calls.c - the functions of broker.h, broker_publish.h, broker_consume.h and
 * broker_declare.h, over the broker in memory.
 */
#include "common/base/xalloc.h"
#include "common/broker/broker_consume.h"
#include "common/broker/broker_declare.h"
#include "common/broker/broker_errors.h"
#include "common/broker/broker_message.h"
#include "common/broker/broker_publish.h"
#include "tests/fakes/fake_server.h"
#include "tests/fakes/fake_time.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum outcome
fail_with_code(struct broker *broker, const char *function, int code, struct failure *failure)
{
	failure_set(failure, OUTCOME_RETRY, EX_UNAVAILABLE, "broker fake: %s: %d", function, code);
	if (code != 0)
		broker_error_classify(code, failure);
	broker->spent = true;
	if (!broker->lost)
		fake_server_lose(broker, code);
	return failure->outcome;
}

/* What every call on a connection begins with: DONE, or how it ends. */
static enum outcome
begin(struct broker *broker, const struct fake_fault *fault, const char *function,
      struct failure *failure)
{
	assert(!broker->spent);
	if (broker->lost)
		return fail_with_code(broker, function, broker->reply_code, failure);
	if (fault == NULL || fault->has_effect)
		return OUTCOME_DONE;
	broker->spent = true;
	fake_server_lose(broker, fault->code);
	return fake_fault_fill(fault, function, failure);
}

/* What it ends with, after its effect. */
static enum outcome
end(struct broker *broker, const struct fake_fault *fault, const char *function,
    struct failure *failure)
{
	if (fault == NULL)
		return OUTCOME_DONE;
	broker->spent = true;
	fake_server_lose(broker, fault->code);
	return fake_fault_fill(fault, function, failure);
}

/* --- broker.h --- */

static bool
is_deliverable(const struct broker *broker, const struct consumer *consumer)
{
	(void)broker;
	return consumer->active && !TAILQ_EMPTY(&consumer->queue->messages) &&
	       (consumer->prefetch == 0 || consumer->unacked < consumer->prefetch);
}

bool
fake_broker_is_ready(int fd)
{
	const struct broker *broker;

	TAILQ_FOREACH(broker, &fake_server.connections, entry)
	{
		if (broker->fd != fd)
			continue;
		for (size_t i = 0; i < broker->consumer_count; i++)
			if (is_deliverable(broker, &broker->consumers[i]))
				return true;
		return broker->lost || !TAILQ_EMPTY(&broker->events);
	}
	return false;
}

enum outcome
broker_open(struct broker **out, const struct broker_settings *settings, enum broker_use use,
	    const char *client_name, struct failure *failure)
{
	static const char *const uses[] = {"publish", "consume", "admin"};
	const struct fake_fault *fault = fake_call(__func__, "%s", uses[use]);
	struct broker *broker;

	(void)settings;
	(void)client_name;
	*out = NULL;
	if (fault != NULL)
		return fake_fault_fill(fault, __func__, failure);
	broker = xcalloc(1, sizeof(*broker));
	broker->use = use;
	broker->fd = FAKE_TIME_FD + fake_server.next_fd++;
	TAILQ_INIT(&broker->unacked);
	TAILQ_INIT(&broker->events);
	TAILQ_INIT(&broker->waiting);
	TAILQ_INSERT_TAIL(&fake_server.connections, broker, entry);
	if (use == BROKER_PUBLISH && fake_server.alarm)
		fake_server_tell_alarm(broker);
	*out = broker;
	return OUTCOME_DONE;
}

static void
end_connection(struct broker **broker)
{
	struct pending_event *pending;

	fake_server_lose(*broker, 0);
	while ((pending = TAILQ_FIRST(&(*broker)->events)) != NULL) {
		TAILQ_REMOVE(&(*broker)->events, pending, entry);
		delivery_free(&pending->event.delivery);
		free(pending);
	}
	TAILQ_REMOVE(&fake_server.connections, *broker, entry);
	free(*broker);
	*broker = NULL;
}

void
broker_close(struct broker **broker)
{
	if (*broker == NULL)
		return;
	fake_note(__func__, "%s", "");
	end_connection(broker);
}

void
broker_abandon(struct broker **broker)
{
	if (*broker == NULL)
		return;
	fake_note(__func__, "%s", "");
	end_connection(broker);
}

int
broker_fd(const struct broker *broker)
{
	return broker->fd;
}

const char *
broker_address(const struct broker *broker)
{
	(void)broker;
	return "fake:5672";
}

bool
broker_is_blocked(const struct broker *broker)
{
	return broker->blocked;
}

int
broker_server_major(const struct broker *broker)
{
	(void)broker;
	return fake_server.major;
}

static bool
next_delivery(struct broker *broker, struct broker_event *event)
{
	for (size_t i = 0; i < broker->consumer_count; i++) {
		struct consumer *consumer = &broker->consumers[i];
		struct stored *message;

		if (!is_deliverable(broker, consumer))
			continue;
		message = TAILQ_FIRST(&consumer->queue->messages);
		TAILQ_REMOVE(&consumer->queue->messages, message, entry);
		TAILQ_INSERT_TAIL(&broker->unacked, message, entry);
		message->queue = consumer->queue;
		message->consumer = consumer;
		message->tag = ++broker->delivered;
		consumer->unacked++;
		event->kind = BROKER_DELIVERY;
		event->delivery = fake_server_deliver(message);
		event->delivery->tag = message->tag;
		return true;
	}
	return false;
}

enum outcome
broker_next(struct broker *broker, struct broker_event *event, struct failure *failure)
{
	static const char *const kinds[] = {"nothing",	"delivery",  "acked", "nacked",
					    "returned", "cancelled", "alarm", "depth"};
	struct pending_event *pending = TAILQ_FIRST(&broker->events);
	const struct fake_fault *fault =
		fake_call(__func__, "%s", pending != NULL ? kinds[pending->event.kind] : "");

	*event = (struct broker_event){.kind = BROKER_NOTHING};
	if (begin(broker, fault, __func__, failure) != OUTCOME_DONE)
		return failure->outcome;
	if (pending != NULL) {
		*event = pending->event;
		if (event->kind == BROKER_ALARM) {
			broker->blocked = event->multiple;
			event->multiple = false;
		}
		TAILQ_REMOVE(&broker->events, pending, entry);
		free(pending);
	} else {
		next_delivery(broker, event);
	}
	if (fault != NULL)
		delivery_free(&event->delivery);
	return end(broker, fault, __func__, failure);
}

/* --- broker_publish.h --- */

enum outcome
broker_publish_properties(struct broker *broker, const char *exchange, const char *routing_key,
			  const struct amqp_basic_properties_t_ *properties, struct span body,
			  uint64_t *tag, struct failure *failure)
{
	const char *lf = body.len > 0 ? memchr(body.ptr, '\n', body.len) : NULL;
	const struct fake_fault *fault =
		fake_call("broker_publish", "%s %s %.*s", exchange, routing_key,
			  (int)(lf != NULL ? (size_t)(lf - body.ptr) : body.len),
			  body.ptr != NULL ? body.ptr : "");
	struct stored *message;

	assert(broker->use != BROKER_CONSUME);
	if (begin(broker, fault, "broker_publish", failure) != OUTCOME_DONE)
		return failure->outcome;
	*tag = ++broker->published;
	message = fake_server_store(properties, body);
	if (fake_server.alarm) {
		struct waiting *waiting = xcalloc(1, sizeof(*waiting));

		snprintf(waiting->exchange, sizeof(waiting->exchange), "%s", exchange);
		snprintf(waiting->key, sizeof(waiting->key), "%s", routing_key);
		waiting->message = message;
		waiting->tag = *tag;
		TAILQ_INSERT_TAIL(&broker->waiting, waiting, entry);
	} else {
		fake_server_publish(broker, exchange, routing_key, message, *tag);
	}
	return end(broker, fault, "broker_publish", failure);
}

enum outcome
broker_publish(struct broker *broker, const char *exchange, const char *routing_key,
	       const struct message *message, uint64_t *tag, struct failure *failure)
{
	struct broker_message_properties properties;

	broker_message_write(message, &properties);
	return broker_publish_properties(broker, exchange, routing_key, &properties.basic,
					 message->body, tag, failure);
}

/* --- broker_consume.h --- */

static enum outcome
consume(struct broker *broker, const char *function, const char *consumer_tag, const char *queue,
	uint16_t prefetch, struct failure *failure)
{
	const struct fake_fault *fault = fake_call(function, "%s %u", queue, prefetch);
	struct consumer *consumer;

	assert(broker->use != BROKER_PUBLISH && broker->consumer_count < CONSUMERS_MAX);
	if (begin(broker, fault, function, failure) != OUTCOME_DONE)
		return failure->outcome;
	if (fake_server_find_queue(queue) == NULL)
		return fail_with_code(broker, function, AMQP_CODE_NOT_FOUND, failure);
	consumer = &broker->consumers[broker->consumer_count++];
	*consumer = (struct consumer){
		.queue = fake_server_find_queue(queue), .prefetch = prefetch, .active = true};
	snprintf(consumer->tag, sizeof(consumer->tag), "%s", consumer_tag);
	return end(broker, fault, function, failure);
}

enum outcome
broker_consume(struct broker *broker, const char *queue, uint16_t prefetch, struct failure *failure)
{
	return consume(broker, __func__, "sluice", queue, prefetch, failure);
}

enum outcome
broker_consume_more(struct broker *broker, const char *consumer_tag, const char *queue,
		    uint16_t prefetch, struct failure *failure)
{
	return consume(broker, __func__, consumer_tag, queue, prefetch, failure);
}

enum outcome
broker_cancel(struct broker *broker, struct failure *failure)
{
	const struct fake_fault *fault = fake_call(__func__, "%s", "");

	if (begin(broker, fault, __func__, failure) != OUTCOME_DONE)
		return failure->outcome;
	for (size_t i = 0; i < broker->consumer_count; i++)
		if (strcmp(broker->consumers[i].tag, "sluice") == 0)
			broker->consumers[i].active = false;
	return end(broker, fault, __func__, failure);
}

enum outcome
broker_deliver_once(struct broker *broker, const char *name, bool *was_there,
		    struct failure *failure)
{
	/* not its name, which is another each time */
	const struct fake_fault *fault = fake_call(__func__, "%s", "");
	struct queue *queue = fake_server_find_queue(name);
	struct stored *message;

	*was_there = false;
	if (begin(broker, fault, __func__, failure) != OUTCOME_DONE)
		return failure->outcome;
	if (queue == NULL)
		return fail_with_code(broker, __func__, AMQP_CODE_NOT_FOUND, failure);
	message = TAILQ_FIRST(&queue->messages);
	if (message != NULL) {
		*was_there = true;
		message->queue = queue;
		TAILQ_REMOVE(&queue->messages, message, entry);
		fake_server_return(message);
	}
	return end(broker, fault, __func__, failure);
}

static void
acknowledge(struct broker *broker, struct stored *message)
{
	if (fake_server.on_ack != NULL) {
		struct delivery *delivery = fake_server_deliver(message);

		fake_server.on_ack(fake_server.ack_context, message->queue->name,
				   &delivery->message);
		delivery_free(&delivery);
	}
	message->consumer->unacked--;
	TAILQ_REMOVE(&broker->unacked, message, entry);
	fake_server_free(message);
}

enum outcome
broker_ack(struct broker *broker, uint64_t tag, bool multiple, struct failure *failure)
{
	const struct fake_fault *fault =
		fake_call(__func__, "%" PRIu64 "%s", tag, multiple ? " multiple" : "");
	struct stored *message, *next;
	bool found = false;

	if (begin(broker, fault, __func__, failure) != OUTCOME_DONE)
		return failure->outcome;
	for (message = TAILQ_FIRST(&broker->unacked); message != NULL; message = next) {
		next = TAILQ_NEXT(message, entry);
		found = found || message->tag == tag;
		if (message->tag == tag || (multiple && message->tag < tag))
			acknowledge(broker, message);
	}
	if (!found) /* 406, unknown delivery tag: a bug of ours */
		return fail_with_code(broker, __func__, AMQP_CODE_PRECONDITION_FAILED, failure);
	return end(broker, fault, __func__, failure);
}

/* --- broker_declare.h --- */

enum outcome
broker_declare_exchange(struct broker *broker, const char *name, const char *type, bool passive,
			struct failure *failure)
{
	const struct fake_fault *fault = fake_call(__func__, "%s", name);

	if (begin(broker, fault, __func__, failure) != OUTCOME_DONE)
		return failure->outcome;
	if (fake_server_find_exchange(name) == NULL && passive)
		return fail_with_code(broker, __func__, AMQP_CODE_NOT_FOUND, failure);
	fake_broker_add_exchange(name, strcmp(type, "topic") == 0);
	return end(broker, fault, __func__, failure);
}

static uint32_t
count_consumers(const struct queue *queue)
{
	const struct broker *broker;
	uint32_t count = 0;

	TAILQ_FOREACH(broker, &fake_server.connections, entry)
	for (size_t i = 0; i < broker->consumer_count; i++)
		count += broker->consumers[i].active && broker->consumers[i].queue == queue;
	return count;
}

enum outcome
broker_declare_queue(struct broker *broker, const char *name, bool passive,
		     const struct broker_argument *arguments, size_t argument_count,
		     uint32_t *messages, uint32_t *consumers, struct failure *failure)
{
	const struct fake_fault *fault = fake_call(__func__, "%s", name);

	(void)arguments;
	(void)argument_count;
	if (begin(broker, fault, __func__, failure) != OUTCOME_DONE)
		return failure->outcome;
	if (fake_server_find_queue(name) == NULL && passive)
		return fail_with_code(broker, __func__, AMQP_CODE_NOT_FOUND, failure);
	fake_broker_add_queue(name);
	if (messages != NULL)
		*messages = (uint32_t)fake_broker_ready(name);
	if (consumers != NULL)
		*consumers = count_consumers(fake_server_find_queue(name));
	return end(broker, fault, __func__, failure);
}

static bool
has_delivery_limit(const struct broker_argument *arguments, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(arguments[i].name, "x-delivery-limit") == 0)
			return true;
	return false;
}

enum outcome
broker_try_declare_queue(struct broker *broker, const char *name,
			 const struct broker_argument *arguments, size_t argument_count,
			 struct failure *failure)
{
	const struct fake_fault *fault = fake_call(__func__, "%s", "");
	bool bare = !has_delivery_limit(arguments, argument_count);
	struct queue *queue = fake_server_find_queue(name);

	if (begin(broker, fault, __func__, failure) != OUTCOME_DONE)
		return failure->outcome;
	if (queue != NULL && queue->bare && !bare) {
		failure_set(failure, OUTCOME_RETRY, EX_UNAVAILABLE,
			    "broker fake: declare queue %s: inequivalent arg 'x-delivery-limit': "
			    "received the value '-1' but current is none",
			    name);
		broker_error_classify(AMQP_CODE_PRECONDITION_FAILED, failure);
		return failure->outcome;
	}
	if (queue == NULL) {
		fake_broker_add_queue(name);
		fake_server_need_queue(name)->bare = bare;
	}
	return end(broker, fault, __func__, failure);
}

enum outcome
broker_delete_queue(struct broker *broker, const char *name, struct failure *failure)
{
	const struct fake_fault *fault = fake_call(__func__, "%s", "");

	if (begin(broker, fault, __func__, failure) != OUTCOME_DONE)
		return failure->outcome;
	fake_server_need_queue(name)->was_tried = true;
	fake_broker_delete_queue(name);
	return end(broker, fault, __func__, failure);
}

enum outcome
broker_ask_depth(struct broker *broker, const char *queue, struct failure *failure)
{
	const struct fake_fault *fault = fake_call(__func__, "%s", queue);
	struct broker_event *event;

	if (begin(broker, fault, __func__, failure) != OUTCOME_DONE)
		return failure->outcome;
	if (fake_server_find_queue(queue) == NULL) {
		fake_server_lose(broker, AMQP_CODE_NOT_FOUND);
		return OUTCOME_DONE;
	}
	event = fake_server_add_event(broker, BROKER_DEPTH);
	event->messages = (uint32_t)fake_broker_ready(queue);
	event->consumers = count_consumers(fake_server_find_queue(queue));
	snprintf(event->text, sizeof(event->text), "%s", queue);
	return end(broker, fault, __func__, failure);
}

enum outcome
broker_bind_queue(struct broker *broker, const char *queue, const char *exchange,
		  const char *routing_key, struct failure *failure)
{
	const struct fake_fault *fault =
		fake_call(__func__, "%s %s %s", queue, exchange, routing_key);

	if (begin(broker, fault, __func__, failure) != OUTCOME_DONE)
		return failure->outcome;
	if (fake_server_find_queue(queue) == NULL || fake_server_find_exchange(exchange) == NULL)
		return fail_with_code(broker, __func__, AMQP_CODE_NOT_FOUND, failure);
	fake_broker_bind(exchange, routing_key, queue);
	return end(broker, fault, __func__, failure);
}
