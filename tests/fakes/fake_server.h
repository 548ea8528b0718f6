/* SPDX-License-Identifier: MIT */
/*
 * fake_server.h - the inside of the fake broker: what it has, and what it does with a message.
 * fake_broker.c (what tests call) and fake_broker_calls.c (what the code under test calls) use it.
 */
#ifndef TESTS_FAKES_FAKE_SERVER_H
#define TESTS_FAKES_FAKE_SERVER_H

#include "common/broker/amqp_library.h"
#include "tests/fakes/fake_broker.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

enum { NAME_SIZE = 128, QUEUES_MAX = 16, EXCHANGES_MAX = 8, BINDINGS_MAX = 128, CONSUMERS_MAX = 8 };

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
	bool was_tried; /* deleted by who made it: its place is free */
	bool bare;	/* no argument x-delivery-limit; else it is -1 */
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

struct fake_server {
	struct queue queues[QUEUES_MAX];
	struct exchange exchanges[EXCHANGES_MAX];
	struct binding bindings[BINDINGS_MAX];
	size_t queue_count, exchange_count, binding_count;
	TAILQ_HEAD(broker_list, broker) connections;
	bool alarm, hold_confirms;
	unsigned nack_next;
	int64_t policy_limit; /* delivery-limit of a policy for all queues; 0 = none */
	int next_fd, major;
	fake_broker_ack_fn *on_ack;
	void *ack_context;
};
extern struct fake_server fake_server;

/* A message as it came over the wire. */
struct stored *fake_server_store(const amqp_basic_properties_t *properties, struct span body);
void fake_server_free(struct stored *message);

/* What a client reads of it; the caller's. */
struct delivery *fake_server_deliver(const struct stored *message);

/* NULL when there is none. */
struct queue *fake_server_find_queue(const char *name);

/* Ends the test when there is none. */
struct queue *fake_server_need_queue(const char *name);
struct exchange *fake_server_find_exchange(const char *name);

/* One more for the client to read. */
struct broker_event *fake_server_add_event(struct broker *broker, enum broker_event_kind kind);

/* An ACKED or NACKED. */
void fake_server_confirm(struct broker *broker, enum broker_event_kind kind, uint64_t tag,
			 bool multiple);

/* Route a published message, which it takes over, and confirm it. */
void fake_server_publish(struct broker *broker, const char *exchange, const char *key,
			 struct stored *message, uint64_t tag);

/* The connection is lost: what was delivered on it goes back. reply_code: why, 0 = it just broke. */
void fake_server_lose(struct broker *broker, int reply_code);

/* One more delivery of it ended without an acknowledgement: it waits first in its queue, or is gone. */
void fake_server_return(struct stored *message);

/* Tell the client whether there is an alarm. */
void fake_server_tell_alarm(struct broker *broker);

/*
 * Of fake_broker_calls.c: there is something to read. fake_broker_reset() hands it to fake_time.h,
 * and so brings all the calls into a test.
 */
bool fake_broker_is_ready(int fd);

#endif
