/* SPDX-License-Identifier: MIT */
/*
 * fake_server.c - queues, routing, confirms, and what happens when a connection ends.
 */
#include "tests/fakes/fake_server.h"
#include "common/base/xalloc.h"
#include "common/broker/broker_errors.h"
#include "common/broker/broker_message.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROPERTIES_SIZE = 256 * 1024 };

struct fake_server fake_server = {.connections = TAILQ_HEAD_INITIALIZER(fake_server.connections),
				  .major = 4};

/* --- messages --- */

static amqp_bytes_t
copy_of(amqp_bytes_t bytes)
{
	amqp_bytes_t copy = {.len = bytes.len, .bytes = xcalloc(bytes.len + 1, 1)};

	if (bytes.len > 0)
		memcpy(copy.bytes, bytes.bytes, bytes.len);
	return copy;
}

struct stored *
fake_server_store(const amqp_basic_properties_t *properties, struct span body)
{
	static char wire[PROPERTIES_SIZE];
	amqp_basic_properties_t copy = *properties; /* the library wants it non-const */
	int len = amqp_encode_properties(AMQP_BASIC_CLASS, &copy,
					 (amqp_bytes_t){.len = sizeof(wire), .bytes = wire});
	struct stored *message = xcalloc(1, sizeof(*message));

	assert(len >= 0);
	message->properties = copy_of((amqp_bytes_t){.len = (size_t)len, .bytes = wire});
	message->body = copy_of(broker_message_bytes(body, SIZE_MAX));
	return message;
}

static struct stored *
duplicate(const struct stored *from)
{
	struct stored *message = xcalloc(1, sizeof(*message));

	message->properties = copy_of(from->properties);
	message->body = copy_of(from->body);
	return message;
}

void
fake_server_free(struct stored *message)
{
	free(message->properties.bytes);
	free(message->body.bytes);
	free(message);
}

/* The broker counts deliveries in a header. */
static void
add_delivery_count(amqp_message_t *amqp, int64_t count)
{
	amqp_table_t *table = &amqp->properties.headers;
	int old = (amqp->properties._flags & AMQP_BASIC_HEADERS_FLAG) != 0 ? table->num_entries : 0;
	amqp_table_entry_t *entries =
		amqp_pool_alloc(&amqp->pool, (size_t)(old + 1) * sizeof(*entries));

	assert(entries != NULL);
	if (old > 0)
		memcpy(entries, table->entries, (size_t)old * sizeof(*entries));
	entries[old] = (amqp_table_entry_t){
		.key = amqp_cstring_bytes("x-delivery-count"),
		.value = {.kind = AMQP_FIELD_KIND_I64, .value = {.i64 = count}}};
	*table = (amqp_table_t){.num_entries = old + 1, .entries = entries};
	amqp->properties._flags |= AMQP_BASIC_HEADERS_FLAG;
}

struct delivery *
fake_server_deliver(const struct stored *message)
{
	amqp_message_t amqp = {.body = amqp_empty_bytes};
	struct delivery *delivery;
	amqp_bytes_t wire;
	void *decoded = NULL;

	init_amqp_pool(&amqp.pool, 4096);
	/* what is decoded points into the bytes */
	amqp_pool_alloc_bytes(&amqp.pool, message->properties.len, &wire);
	memcpy(wire.bytes, message->properties.bytes, wire.len);
	if (amqp_decode_properties(AMQP_BASIC_CLASS, &amqp.pool, wire, &decoded) != AMQP_STATUS_OK)
		assert(false && "properties that cannot be decoded");
	amqp.properties = *(amqp_basic_properties_t *)decoded;
	amqp.body = copy_of(message->body);
	if (message->deliveries > 0)
		add_delivery_count(&amqp, message->deliveries);
	delivery = delivery_new(&amqp);
	delivery->redelivered = message->deliveries > 0;
	return delivery;
}

/* --- the server's inside --- */

struct queue *
fake_server_find_queue(const char *name)
{
	for (size_t i = 0; i < fake_server.queue_count; i++)
		if (fake_server.queues[i].exists && strcmp(fake_server.queues[i].name, name) == 0)
			return &fake_server.queues[i];
	return NULL;
}

struct queue *
fake_server_need_queue(const char *name)
{
	struct queue *queue = fake_server_find_queue(name);

	if (queue == NULL) {
		fprintf(stderr, "fake_broker: there is no queue %s\n", name);
		abort();
	}
	return queue;
}

struct exchange *
fake_server_find_exchange(const char *name)
{
	for (size_t i = 0; i < fake_server.exchange_count; i++)
		if (strcmp(fake_server.exchanges[i].name, name) == 0)
			return &fake_server.exchanges[i];
	return NULL;
}

/* The words of a topic: "*" is one of them, "#" any number. */
static bool
topic_matches(const char *pattern, const char *key)
{
	size_t pattern_len = strcspn(pattern, "."), key_len = strcspn(key, ".");
	const char *pattern_rest = pattern + pattern_len + (pattern[pattern_len] == '.');
	const char *key_rest = key + key_len + (key[key_len] == '.');

	if (pattern[0] == '\0')
		return key[0] == '\0';
	if (pattern_len == 1 && pattern[0] == '#')
		return topic_matches(pattern_rest, key) ||
		       (key[0] != '\0' && topic_matches(pattern, key_rest));
	if (key[0] == '\0' || (!(pattern_len == 1 && pattern[0] == '*') &&
			       (pattern_len != key_len || strncmp(pattern, key, key_len) != 0)))
		return false;
	return topic_matches(pattern_rest, key_rest);
}

/* The queues that a message goes to; each of them once. */
static size_t
route(const char *exchange, const char *key, struct queue *targets[QUEUES_MAX])
{
	const struct exchange *from = fake_server_find_exchange(exchange);
	size_t count = 0;

	if (exchange[0] == '\0' && (targets[0] = fake_server_find_queue(key)) != NULL)
		return 1;
	for (size_t i = 0; from != NULL && i < fake_server.binding_count; i++) {
		const struct binding *binding = &fake_server.bindings[i];
		struct queue *queue = fake_server_find_queue(binding->queue);
		bool known = queue == NULL || strcmp(binding->exchange, exchange) != 0 ||
			     !(from->is_topic ? topic_matches(binding->key, key)
					      : strcmp(binding->key, key) == 0);

		for (size_t j = 0; j < count; j++)
			known = known || targets[j] == queue;
		if (!known)
			targets[count++] = queue;
	}
	return count;
}

struct broker_event *
fake_server_add_event(struct broker *broker, enum broker_event_kind kind)
{
	struct pending_event *pending = xcalloc(1, sizeof(*pending));

	pending->event.kind = kind;
	TAILQ_INSERT_TAIL(&broker->events, pending, entry);
	return &pending->event;
}

void
fake_server_confirm(struct broker *broker, enum broker_event_kind kind, uint64_t tag, bool multiple)
{
	struct broker_event *event = fake_server_add_event(broker, kind);

	event->tag = tag;
	event->multiple = multiple;
	broker->confirmed = MAX(broker->confirmed, tag);
}

/* Takes over the message. */
void
fake_server_publish(struct broker *broker, const char *exchange, const char *key,
		    struct stored *message, uint64_t tag)
{
	struct queue *targets[QUEUES_MAX];
	size_t count = route(exchange, key, targets);
	bool nack = fake_server.nack_next > 0;

	for (size_t i = 0; i < count; i++)
		nack = nack || targets[i]->full;
	if (fake_server.nack_next > 0)
		fake_server.nack_next--;
	if (exchange[0] != '\0' && fake_server_find_exchange(exchange) == NULL) {
		broker->lost = true;
		broker->reply_code = AMQP_CODE_NOT_FOUND;
	} else if (nack) {
		fake_server_confirm(broker, BROKER_NACKED, tag, false);
	} else {
		for (size_t i = 0; i < count; i++) {
			struct stored *copy = duplicate(message);

			TAILQ_INSERT_TAIL(&targets[i]->messages, copy, entry);
		}
		if (count == 0) {
			struct broker_event *event = fake_server_add_event(broker, BROKER_RETURNED);

			event->delivery = fake_server_deliver(message);
			snprintf(event->text, sizeof(event->text), "NO_ROUTE");
		}
		if (!fake_server.hold_confirms)
			fake_server_confirm(broker, BROKER_ACKED, tag, false);
	}
	fake_server_free(message);
}

enum { OWN_LIMIT = 20 };

static bool
is_over_limit(const struct queue *queue, int64_t deliveries)
{
	int64_t limit = fake_server.policy_limit;

	if (limit == 0)
		limit = queue->bare && fake_server.major >= 4 ? OWN_LIMIT : -1;
	return limit >= 0 && deliveries > limit;
}

void
fake_server_return(struct stored *message)
{
	if (message->queue->exists && !is_over_limit(message->queue, ++message->deliveries))
		TAILQ_INSERT_HEAD(&message->queue->messages, message, entry);
	else
		fake_server_free(message);
}

static void
give_back(struct broker *broker)
{
	struct stored *message;

	while ((message = TAILQ_LAST(&broker->unacked, stored_list)) != NULL) {
		TAILQ_REMOVE(&broker->unacked, message, entry);
		fake_server_return(message);
	}
	broker->consumer_count = 0;
}

void
fake_server_lose(struct broker *broker, int reply_code)
{
	struct waiting *waiting;

	while ((waiting = TAILQ_FIRST(&broker->waiting)) != NULL) {
		TAILQ_REMOVE(&broker->waiting, waiting, entry);
		fake_server_free(waiting->message);
		free(waiting);
	}
	broker->lost = true;
	broker->reply_code = reply_code;
	give_back(broker);
}

void
fake_server_tell_alarm(struct broker *broker)
{
	struct broker_event *event = fake_server_add_event(broker, BROKER_ALARM);

	/* broker_is_blocked() changes when the event is read */
	event->multiple = fake_server.alarm;
	snprintf(event->text, sizeof(event->text), "%s", fake_server.alarm ? "low on memory" : "");
}
