/* SPDX-License-Identifier: MIT */
/*
 * fake_broker.c - what tests do to the broker in memory.
 */
#include "tests/fakes/fake_broker.h"
#include "common/broker/broker_message.h"
#include "tests/fakes/fake_server.h"
#include "tests/fakes/fake_time.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
fake_broker_reset(void)
{
	struct stored *message;

	assert(TAILQ_EMPTY(&fake_server.connections));
	for (size_t i = 0; i < fake_server.queue_count; i++) {
		while ((message = TAILQ_FIRST(&fake_server.queues[i].messages)) != NULL) {
			TAILQ_REMOVE(&fake_server.queues[i].messages, message, entry);
			fake_server_free(message);
		}
	}
	memset(&fake_server, 0, sizeof(fake_server));
	TAILQ_INIT(&fake_server.connections);
	fake_server.major = 4;
	fake_time_set_ready(fake_broker_is_ready);
}

void
fake_broker_add_exchange(const char *name, bool is_topic)
{
	struct exchange *exchange;

	if (fake_server_find_exchange(name) != NULL)
		return;
	assert(fake_server.exchange_count < EXCHANGES_MAX);
	exchange = &fake_server.exchanges[fake_server.exchange_count++];
	snprintf(exchange->name, sizeof(exchange->name), "%s", name);
	exchange->is_topic = is_topic;
}

void
fake_broker_add_queue(const char *name)
{
	struct queue *queue;

	if (fake_server_find_queue(name) != NULL)
		return;
	for (queue = fake_server.queues; queue < fake_server.queues + fake_server.queue_count;
	     queue++)
		if (queue->was_tried)
			break;
	assert(queue < fake_server.queues + QUEUES_MAX);
	if (queue == fake_server.queues + fake_server.queue_count)
		fake_server.queue_count++;
	*queue = (struct queue){.exists = true};
	snprintf(queue->name, sizeof(queue->name), "%s", name);
	TAILQ_INIT(&queue->messages);
}

static struct binding *
find_binding(const char *exchange, const char *key, const char *queue)
{
	for (size_t i = 0; i < fake_server.binding_count; i++) {
		struct binding *binding = &fake_server.bindings[i];

		if (strcmp(binding->exchange, exchange) == 0 && strcmp(binding->key, key) == 0 &&
		    strcmp(binding->queue, queue) == 0)
			return binding;
	}
	return NULL;
}

void
fake_broker_bind(const char *exchange, const char *key, const char *queue)
{
	struct binding *binding;

	if (find_binding(exchange, key, queue) != NULL)
		return;
	assert(fake_server.binding_count < BINDINGS_MAX);
	binding = &fake_server.bindings[fake_server.binding_count++];
	snprintf(binding->exchange, sizeof(binding->exchange), "%s", exchange);
	snprintf(binding->key, sizeof(binding->key), "%s", key);
	snprintf(binding->queue, sizeof(binding->queue), "%s", queue);
}

bool
fake_broker_unbind(const char *exchange, const char *key, const char *queue)
{
	struct binding *binding = find_binding(exchange, key, queue);

	if (binding == NULL)
		return false;
	*binding = fake_server.bindings[--fake_server.binding_count];
	return true;
}

static void
cancel_consumers(const struct queue *of)
{
	struct broker *broker;

	TAILQ_FOREACH(broker, &fake_server.connections, entry)
	for (size_t i = 0; i < broker->consumer_count; i++) {
		struct consumer *consumer = &broker->consumers[i];

		if (!consumer->active || (of != NULL && consumer->queue != of))
			continue;
		consumer->active = false;
		fake_server_add_event(broker, BROKER_CANCELLED);
	}
}

void
fake_broker_cancel_consumers(void)
{
	cancel_consumers(NULL);
}

void
fake_broker_delete_queue(const char *name)
{
	struct queue *queue = fake_server_need_queue(name);
	struct stored *message;

	while ((message = TAILQ_FIRST(&queue->messages)) != NULL) {
		TAILQ_REMOVE(&queue->messages, message, entry);
		fake_server_free(message);
	}
	queue->exists = false;
	for (size_t i = fake_server.binding_count; i-- > 0;)
		if (strcmp(fake_server.bindings[i].queue, name) == 0)
			fake_server.bindings[i] = fake_server.bindings[--fake_server.binding_count];
	cancel_consumers(queue);
}

static void
put(const char *name, const amqp_basic_properties_t *properties, struct span body)
{
	struct stored *message = fake_server_store(properties, body);
	struct queue *queue = fake_server_need_queue(name);

	TAILQ_INSERT_TAIL(&queue->messages, message, entry);
}

void
fake_broker_put(const char *queue, const struct message *message)
{
	struct broker_message_properties properties;

	broker_message_write(message, &properties);
	put(queue, &properties.basic, message->body);
}

void
fake_broker_put_text(const char *queue, const char *body)
{
	amqp_basic_properties_t none = {._flags = 0};

	put(queue, &none, span_of(body));
}

size_t
fake_broker_ready(const char *queue)
{
	const struct stored *message;
	size_t count = 0;

	TAILQ_FOREACH(message, &fake_server_need_queue(queue)->messages, entry)
	count++;
	return count;
}

size_t
fake_broker_unacked(const char *queue)
{
	const struct stored *message;
	const struct broker *broker;
	size_t count = 0;

	TAILQ_FOREACH(broker, &fake_server.connections, entry)
	TAILQ_FOREACH(message, &broker->unacked, entry)
	count += strcmp(message->queue->name, queue) == 0;
	return count;
}

struct delivery *
fake_broker_look(const char *queue, size_t i)
{
	const struct stored *message;

	TAILQ_FOREACH(message, &fake_server_need_queue(queue)->messages, entry)
	if (i-- == 0)
		return fake_server_deliver(message);
	return NULL;
}

bool
fake_broker_has(const char *queue, const char *body)
{
	const struct stored *message;

	TAILQ_FOREACH(message, &fake_server_need_queue(queue)->messages, entry)
	if (span_equals(broker_message_span(message->body), span_of(body)))
		return true;
	return false;
}

void
fake_broker_on_ack(fake_broker_ack_fn *function, void *context)
{
	fake_server.on_ack = function;
	fake_server.ack_context = context;
}

void
fake_broker_set_full(const char *queue, bool full)
{
	fake_server_need_queue(queue)->full = full;
}

void
fake_broker_nack_next(unsigned count)
{
	fake_server.nack_next = count;
}

void
fake_broker_hold_confirms(bool hold)
{
	fake_server.hold_confirms = hold;
}

void
fake_broker_release_confirms(bool multiple)
{
	struct broker *broker;

	TAILQ_FOREACH(broker, &fake_server.connections, entry)
	{
		while (!multiple && broker->confirmed + 1 < broker->published)
			fake_server_confirm(broker, BROKER_ACKED, broker->confirmed + 1, false);
		if (broker->confirmed < broker->published)
			fake_server_confirm(broker, BROKER_ACKED, broker->published, multiple);
	}
}

void
fake_broker_set_alarm(bool alarm)
{
	struct waiting *waiting;
	struct broker *broker;

	if (alarm == fake_server.alarm)
		return;
	fake_server.alarm = alarm;
	TAILQ_FOREACH(broker, &fake_server.connections, entry)
	{
		if (broker->use == BROKER_PUBLISH)
			fake_server_tell_alarm(broker);
		while (!alarm && (waiting = TAILQ_FIRST(&broker->waiting)) != NULL) {
			TAILQ_REMOVE(&broker->waiting, waiting, entry);
			fake_server_publish(broker, waiting->exchange, waiting->key,
					    waiting->message, waiting->tag);
			free(waiting);
		}
	}
}

void
fake_broker_cut(void)
{
	struct broker *broker;

	TAILQ_FOREACH(broker, &fake_server.connections, entry)
	fake_server_lose(broker, 0);
}

void
fake_broker_cut_use(enum broker_use use)
{
	struct broker *broker;

	TAILQ_FOREACH(broker, &fake_server.connections, entry)
	if (broker->use == use)
		fake_server_lose(broker, 0);
}

size_t
fake_broker_connections(void)
{
	const struct broker *broker;
	size_t count = 0;

	TAILQ_FOREACH(broker, &fake_server.connections, entry)
	count++;
	return count;
}

void
fake_broker_set_major(int major)
{
	fake_server.major = major;
}

void
fake_broker_set_bare(const char *queue)
{
	fake_server_need_queue(queue)->bare = true;
}

void
fake_broker_set_policy_limit(int limit)
{
	fake_server.policy_limit = limit;
}
