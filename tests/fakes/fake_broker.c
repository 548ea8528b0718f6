/* SPDX-License-Identifier: MIT */
/*
 * fake_broker.c - a broker in memory.
 */
#include "tests/fakes/fake_broker.h"
#include "common/base/xalloc.h"
#include "common/broker/amqp_library.h"
#include "common/broker/broker_consume.h"
#include "common/broker/broker_declare.h"
#include "common/broker/broker_errors.h"
#include "common/broker/broker_message.h"
#include "common/broker/broker_publish.h"
#include "tests/fakes/fake_time.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum { NAME_SIZE = 128, QUEUES_MAX = 16, EXCHANGES_MAX = 8, BINDINGS_MAX = 128, CONSUMERS_MAX = 8 };
enum { PROPERTIES_SIZE = 256 * 1024 };

/* A message as it lies in a queue: properties in their form on the wire. */
struct stored {
	TAILQ_ENTRY(stored) entry;
	amqp_bytes_t properties, body;
	int64_t deliveries; /* that ended without an acknowledgement */
	/* while it is delivered: */
	uint64_t tag;
	struct queue *queue;
	struct consumer *consumer;
};
TAILQ_HEAD(stored_list, stored);

struct queue {
	char name[NAME_SIZE];
	bool exists, full;
	struct stored_list messages;
};

struct exchange {
	char name[NAME_SIZE];
	bool is_topic;
};

struct binding {
	char exchange[NAME_SIZE], key[NAME_SIZE], queue[NAME_SIZE];
};

struct consumer {
	char tag[NAME_SIZE];
	struct queue *queue;
	uint16_t prefetch;
	bool active;
	unsigned unacked;
};

struct pending_event {
	TAILQ_ENTRY(pending_event) entry;
	struct broker_event event;
};

/* A message published during an alarm. */
struct waiting {
	TAILQ_ENTRY(waiting) entry;
	char exchange[NAME_SIZE], key[NAME_SIZE];
	struct stored *message;
	uint64_t tag;
};

struct broker {
	TAILQ_ENTRY(broker) entry;
	enum broker_use use;
	int fd;
	bool blocked;
	bool lost;	/* the broker has closed it, with this reply code */
	int reply_code; /* 0: it just broke */
	bool spent;	/* a call on it has failed */
	uint64_t delivered, published, confirmed;
	struct consumer consumers[CONSUMERS_MAX];
	size_t consumer_count;
	struct stored_list unacked;
	TAILQ_HEAD(, pending_event) events;
	TAILQ_HEAD(, waiting) waiting;
};

static struct {
	struct queue queues[QUEUES_MAX];
	struct exchange exchanges[EXCHANGES_MAX];
	struct binding bindings[BINDINGS_MAX];
	size_t queue_count, exchange_count, binding_count;
	TAILQ_HEAD(, broker) connections;
	bool alarm, hold_confirms;
	unsigned nack_next;
	int next_fd, major;
	fake_broker_ack_fn *on_ack;
	void *ack_context;
} server = {.connections = TAILQ_HEAD_INITIALIZER(server.connections), .major = 4};

/* --- messages --- */

static amqp_bytes_t
copy_of(amqp_bytes_t bytes)
{
	amqp_bytes_t copy = {.len = bytes.len, .bytes = xcalloc(bytes.len + 1, 1)};

	if (bytes.len > 0)
		memcpy(copy.bytes, bytes.bytes, bytes.len);
	return copy;
}

static struct stored *
store_message(const amqp_basic_properties_t *properties, struct span body)
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

static void
free_message(struct stored *message)
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

static struct delivery *
deliver(const struct stored *message)
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

static struct queue *
find_queue(const char *name)
{
	for (size_t i = 0; i < server.queue_count; i++)
		if (server.queues[i].exists && strcmp(server.queues[i].name, name) == 0)
			return &server.queues[i];
	return NULL;
}

static struct queue *
need_queue(const char *name)
{
	struct queue *queue = find_queue(name);

	if (queue == NULL) {
		fprintf(stderr, "fake_broker: there is no queue %s\n", name);
		abort();
	}
	return queue;
}

static struct exchange *
find_exchange(const char *name)
{
	for (size_t i = 0; i < server.exchange_count; i++)
		if (strcmp(server.exchanges[i].name, name) == 0)
			return &server.exchanges[i];
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
	const struct exchange *from = find_exchange(exchange);
	size_t count = 0;

	if (exchange[0] == '\0' && (targets[0] = find_queue(key)) != NULL)
		return 1;
	for (size_t i = 0; from != NULL && i < server.binding_count; i++) {
		const struct binding *binding = &server.bindings[i];
		struct queue *queue = find_queue(binding->queue);
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

static struct broker_event *
add_event(struct broker *broker, enum broker_event_kind kind)
{
	struct pending_event *pending = xcalloc(1, sizeof(*pending));

	pending->event.kind = kind;
	TAILQ_INSERT_TAIL(&broker->events, pending, entry);
	return &pending->event;
}

static void
confirm(struct broker *broker, enum broker_event_kind kind, uint64_t tag, bool multiple)
{
	struct broker_event *event = add_event(broker, kind);

	event->tag = tag;
	event->multiple = multiple;
	broker->confirmed = MAX(broker->confirmed, tag);
}

/* Takes over the message. */
static void
take_in(struct broker *broker, const char *exchange, const char *key, struct stored *message,
	uint64_t tag)
{
	struct queue *targets[QUEUES_MAX];
	size_t count = route(exchange, key, targets);
	bool nack = server.nack_next > 0;

	for (size_t i = 0; i < count; i++)
		nack = nack || targets[i]->full;
	if (server.nack_next > 0)
		server.nack_next--;
	if (exchange[0] != '\0' && find_exchange(exchange) == NULL) {
		broker->lost = true;
		broker->reply_code = AMQP_CODE_NOT_FOUND;
	} else if (nack) {
		confirm(broker, BROKER_NACKED, tag, false);
	} else {
		for (size_t i = 0; i < count; i++) {
			struct stored *copy = duplicate(message);

			TAILQ_INSERT_TAIL(&targets[i]->messages, copy, entry);
		}
		if (count == 0) {
			struct broker_event *event = add_event(broker, BROKER_RETURNED);

			event->delivery = deliver(message);
			snprintf(event->text, sizeof(event->text), "NO_ROUTE");
		}
		if (!server.hold_confirms)
			confirm(broker, BROKER_ACKED, tag, false);
	}
	free_message(message);
}

static void
give_back(struct broker *broker)
{
	struct stored *message;

	while ((message = TAILQ_LAST(&broker->unacked, stored_list)) != NULL) {
		TAILQ_REMOVE(&broker->unacked, message, entry);
		if (message->queue->exists) {
			message->deliveries++;
			TAILQ_INSERT_HEAD(&message->queue->messages, message, entry);
		} else {
			free_message(message);
		}
	}
	broker->consumer_count = 0;
}

static void
lose(struct broker *broker, int reply_code)
{
	struct waiting *waiting;

	while ((waiting = TAILQ_FIRST(&broker->waiting)) != NULL) {
		TAILQ_REMOVE(&broker->waiting, waiting, entry);
		free_message(waiting->message);
		free(waiting);
	}
	broker->lost = true;
	broker->reply_code = reply_code;
	give_back(broker);
}

/* --- what tests call --- */

void
fake_broker_reset(void)
{
	struct stored *message;

	assert(TAILQ_EMPTY(&server.connections));
	for (size_t i = 0; i < server.queue_count; i++) {
		while ((message = TAILQ_FIRST(&server.queues[i].messages)) != NULL) {
			TAILQ_REMOVE(&server.queues[i].messages, message, entry);
			free_message(message);
		}
	}
	memset(&server, 0, sizeof(server));
	TAILQ_INIT(&server.connections);
	server.major = 4;
}

void
fake_broker_add_exchange(const char *name, bool is_topic)
{
	struct exchange *exchange;

	if (find_exchange(name) != NULL)
		return;
	assert(server.exchange_count < EXCHANGES_MAX);
	exchange = &server.exchanges[server.exchange_count++];
	snprintf(exchange->name, sizeof(exchange->name), "%s", name);
	exchange->is_topic = is_topic;
}

void
fake_broker_add_queue(const char *name)
{
	struct queue *queue;

	if (find_queue(name) != NULL)
		return;
	assert(server.queue_count < QUEUES_MAX);
	queue = &server.queues[server.queue_count++];
	snprintf(queue->name, sizeof(queue->name), "%s", name);
	queue->exists = true;
	TAILQ_INIT(&queue->messages);
}

static struct binding *
find_binding(const char *exchange, const char *key, const char *queue)
{
	for (size_t i = 0; i < server.binding_count; i++) {
		struct binding *binding = &server.bindings[i];

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
	assert(server.binding_count < BINDINGS_MAX);
	binding = &server.bindings[server.binding_count++];
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
	*binding = server.bindings[--server.binding_count];
	return true;
}

static void
cancel_consumers(const struct queue *of)
{
	struct broker *broker;

	TAILQ_FOREACH(broker, &server.connections, entry)
	for (size_t i = 0; i < broker->consumer_count; i++) {
		struct consumer *consumer = &broker->consumers[i];

		if (!consumer->active || (of != NULL && consumer->queue != of))
			continue;
		consumer->active = false;
		add_event(broker, BROKER_CANCELLED);
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
	struct queue *queue = need_queue(name);
	struct stored *message;

	while ((message = TAILQ_FIRST(&queue->messages)) != NULL) {
		TAILQ_REMOVE(&queue->messages, message, entry);
		free_message(message);
	}
	queue->exists = false;
	for (size_t i = server.binding_count; i-- > 0;)
		if (strcmp(server.bindings[i].queue, name) == 0)
			server.bindings[i] = server.bindings[--server.binding_count];
	cancel_consumers(queue);
}

static void
put(const char *name, const amqp_basic_properties_t *properties, struct span body)
{
	struct stored *message = store_message(properties, body);
	struct queue *queue = need_queue(name);

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

	TAILQ_FOREACH(message, &need_queue(queue)->messages, entry)
	count++;
	return count;
}

size_t
fake_broker_unacked(const char *queue)
{
	const struct stored *message;
	const struct broker *broker;
	size_t count = 0;

	TAILQ_FOREACH(broker, &server.connections, entry)
	TAILQ_FOREACH(message, &broker->unacked, entry)
	count += strcmp(message->queue->name, queue) == 0;
	return count;
}

struct delivery *
fake_broker_look(const char *queue, size_t i)
{
	const struct stored *message;

	TAILQ_FOREACH(message, &need_queue(queue)->messages, entry)
	if (i-- == 0)
		return deliver(message);
	return NULL;
}

bool
fake_broker_has(const char *queue, const char *body)
{
	const struct stored *message;

	TAILQ_FOREACH(message, &need_queue(queue)->messages, entry)
	if (span_equals(broker_message_span(message->body), span_of(body)))
		return true;
	return false;
}

void
fake_broker_on_ack(fake_broker_ack_fn *function, void *context)
{
	server.on_ack = function;
	server.ack_context = context;
}

void
fake_broker_set_full(const char *queue, bool full)
{
	need_queue(queue)->full = full;
}

void
fake_broker_nack_next(unsigned count)
{
	server.nack_next = count;
}

void
fake_broker_hold_confirms(bool hold)
{
	server.hold_confirms = hold;
}

void
fake_broker_release_confirms(bool multiple)
{
	struct broker *broker;

	TAILQ_FOREACH(broker, &server.connections, entry)
	{
		while (!multiple && broker->confirmed + 1 < broker->published)
			confirm(broker, BROKER_ACKED, broker->confirmed + 1, false);
		if (broker->confirmed < broker->published)
			confirm(broker, BROKER_ACKED, broker->published, multiple);
	}
}

static void
tell_alarm(struct broker *broker)
{
	struct broker_event *event = add_event(broker, BROKER_ALARM);

	/* broker_is_blocked() changes when the event is read */
	event->multiple = server.alarm;
	snprintf(event->text, sizeof(event->text), "%s", server.alarm ? "low on memory" : "");
}

void
fake_broker_set_alarm(bool alarm)
{
	struct waiting *waiting;
	struct broker *broker;

	if (alarm == server.alarm)
		return;
	server.alarm = alarm;
	TAILQ_FOREACH(broker, &server.connections, entry)
	{
		if (broker->use == BROKER_PUBLISH)
			tell_alarm(broker);
		while (!alarm && (waiting = TAILQ_FIRST(&broker->waiting)) != NULL) {
			TAILQ_REMOVE(&broker->waiting, waiting, entry);
			take_in(broker, waiting->exchange, waiting->key, waiting->message,
				waiting->tag);
			free(waiting);
		}
	}
}

void
fake_broker_cut(void)
{
	struct broker *broker;

	TAILQ_FOREACH(broker, &server.connections, entry)
	lose(broker, 0);
}

void
fake_broker_cut_use(enum broker_use use)
{
	struct broker *broker;

	TAILQ_FOREACH(broker, &server.connections, entry)
	if (broker->use == use)
		lose(broker, 0);
}

size_t
fake_broker_connections(void)
{
	const struct broker *broker;
	size_t count = 0;

	TAILQ_FOREACH(broker, &server.connections, entry)
	count++;
	return count;
}

void
fake_broker_set_major(int major)
{
	server.major = major;
}

/* --- calls --- */

static enum outcome
fail_with_code(struct broker *broker, const char *function, int code, struct failure *failure)
{
	failure_set(failure, OUTCOME_RETRY, EX_UNAVAILABLE, "broker fake: %s: %d", function, code);
	if (code != 0)
		broker_error_classify(code, failure);
	broker->spent = true;
	if (!broker->lost)
		lose(broker, code);
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
	lose(broker, fault->code);
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
	lose(broker, fault->code);
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

static bool
is_ready(int fd)
{
	const struct broker *broker;

	TAILQ_FOREACH(broker, &server.connections, entry)
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
	broker->fd = FAKE_TIME_FD + server.next_fd++;
	TAILQ_INIT(&broker->unacked);
	TAILQ_INIT(&broker->events);
	TAILQ_INIT(&broker->waiting);
	TAILQ_INSERT_TAIL(&server.connections, broker, entry);
	fake_time_set_ready(is_ready);
	if (use == BROKER_PUBLISH && server.alarm)
		tell_alarm(broker);
	*out = broker;
	return OUTCOME_DONE;
}

static void
end_connection(struct broker **broker)
{
	struct pending_event *pending;

	lose(*broker, 0);
	while ((pending = TAILQ_FIRST(&(*broker)->events)) != NULL) {
		TAILQ_REMOVE(&(*broker)->events, pending, entry);
		delivery_free(&pending->event.delivery);
		free(pending);
	}
	TAILQ_REMOVE(&server.connections, *broker, entry);
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
	return server.major;
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
		event->delivery = deliver(message);
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
	message = store_message(properties, body);
	if (server.alarm) {
		struct waiting *waiting = xcalloc(1, sizeof(*waiting));

		snprintf(waiting->exchange, sizeof(waiting->exchange), "%s", exchange);
		snprintf(waiting->key, sizeof(waiting->key), "%s", routing_key);
		waiting->message = message;
		waiting->tag = *tag;
		TAILQ_INSERT_TAIL(&broker->waiting, waiting, entry);
	} else {
		take_in(broker, exchange, routing_key, message, *tag);
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
	if (find_queue(queue) == NULL)
		return fail_with_code(broker, function, AMQP_CODE_NOT_FOUND, failure);
	consumer = &broker->consumers[broker->consumer_count++];
	*consumer =
		(struct consumer){.queue = find_queue(queue), .prefetch = prefetch, .active = true};
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

static void
acknowledge(struct broker *broker, struct stored *message)
{
	if (server.on_ack != NULL) {
		struct delivery *delivery = deliver(message);

		server.on_ack(server.ack_context, message->queue->name, &delivery->message);
		delivery_free(&delivery);
	}
	message->consumer->unacked--;
	TAILQ_REMOVE(&broker->unacked, message, entry);
	free_message(message);
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
	if (find_exchange(name) == NULL && passive)
		return fail_with_code(broker, __func__, AMQP_CODE_NOT_FOUND, failure);
	fake_broker_add_exchange(name, strcmp(type, "topic") == 0);
	return end(broker, fault, __func__, failure);
}

static uint32_t
count_consumers(const struct queue *queue)
{
	const struct broker *broker;
	uint32_t count = 0;

	TAILQ_FOREACH(broker, &server.connections, entry)
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
	if (find_queue(name) == NULL && passive)
		return fail_with_code(broker, __func__, AMQP_CODE_NOT_FOUND, failure);
	fake_broker_add_queue(name);
	if (messages != NULL)
		*messages = (uint32_t)fake_broker_ready(name);
	if (consumers != NULL)
		*consumers = count_consumers(find_queue(name));
	return end(broker, fault, __func__, failure);
}

enum outcome
broker_ask_depth(struct broker *broker, const char *queue, struct failure *failure)
{
	const struct fake_fault *fault = fake_call(__func__, "%s", queue);
	struct broker_event *event;

	if (begin(broker, fault, __func__, failure) != OUTCOME_DONE)
		return failure->outcome;
	if (find_queue(queue) == NULL) {
		lose(broker, AMQP_CODE_NOT_FOUND);
		return OUTCOME_DONE;
	}
	event = add_event(broker, BROKER_DEPTH);
	event->messages = (uint32_t)fake_broker_ready(queue);
	event->consumers = count_consumers(find_queue(queue));
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
	if (find_queue(queue) == NULL || find_exchange(exchange) == NULL)
		return fail_with_code(broker, __func__, AMQP_CODE_NOT_FOUND, failure);
	fake_broker_bind(exchange, routing_key, queue);
	return end(broker, fault, __func__, failure);
}
