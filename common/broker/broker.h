/* SPDX-License-Identifier: MIT */
/*
 * broker.h - one connection to RabbitMQ with one channel. Only files common/broker*.c know
 * <amqp.h>.
 *
 * A connection either publishes or consumes, never both: under an alarm the broker stops reading
 * from a connection that has ever published, its acks included. Nothing here reconnects: any
 * outcome but DONE means that this connection is spent; close it, back off, open a new one.
 *
 * Reading never waits: watch broker_fd() with poll(2) (process_wait), and call broker_next() until
 * it says BROKER_NOTHING; call it at least once a second in any case, heartbeats are sent from
 * inside.
 */
#ifndef COMMON_BROKER_BROKER_H
#define COMMON_BROKER_BROKER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/message/content_encoding.h"
#include "common/message/message.h"
#include "common/process/outcome.h"
#include "common/settings/settings.h"

struct broker;

enum broker_use { BROKER_PUBLISH, BROKER_CONSUME, BROKER_ADMIN };

/*
 * Connect to the first host that answers and log in; BROKER_PUBLISH switches publisher confirms on.
 * client_name is shown in the broker's own tools ("sluice-producer@host"). Waits at most some 10 s
 * per host. On failure *broker is NULL and failure says what, where and what to do.
 */
enum outcome broker_open(struct broker **broker, const struct broker_settings *settings,
			 enum broker_use use, const char *client_name,
			 struct failure *failure) MUST_CHECK;

/* Close politely if the connection still works (waits 2 s at most), free, set to NULL. NULL is
 * fine. */
void broker_close(struct broker **broker);

/* Free without a word to the broker: for a connection that has failed. NULL is fine. */
void broker_abandon(struct broker **broker);

int broker_fd(const struct broker *broker);

/* "127.0.0.1:5672": where this connection goes. */
const char *broker_address(const struct broker *broker);

/* The broker asks publishers to stop (memory or disk alarm). */
bool broker_is_blocked(const struct broker *broker);

/* --- what comes in --- */

/* A message that came in; message's spans point into it and live as long as it does. */
struct delivery {
	uint64_t tag;
	bool redelivered;
	int64_t delivery_count; /* x-delivery-count: earlier deliveries; 0 when absent */
	struct message message;
};

/* Free and set to NULL; NULL is fine. It does not acknowledge anything. */
void delivery_free(struct delivery **delivery);

/*
 * Unpack the body, if it is packed; then the delivery is as if it had been sent plain, and spans
 * into the packed body are invalid. NULL, or what is wrong with it (for people, a static text):
 * then the delivery is as it was.
 */
const char *delivery_unpack(struct delivery *delivery, struct unpacker *unpacker) MUST_CHECK;

enum broker_event_kind {
	BROKER_NOTHING,	  /* nothing more for now */
	BROKER_DELIVERY,  /* delivery: now the caller's */
	BROKER_ACKED,	  /* tag, multiple: the broker has these published messages safe */
	BROKER_NACKED,	  /* tag, multiple: it has not; publish them again */
	BROKER_RETURNED,  /* delivery: a published message that no queue wanted; its ack follows */
	BROKER_CANCELLED, /* the queue that is consumed is gone, or the consumer was cancelled */
	BROKER_ALARM,	  /* broker_is_blocked() has changed; text says why when it is blocked */
	BROKER_DEPTH,	  /* the answer to broker_ask_depth(): text is the queue's name */
};

struct broker_event {
	enum broker_event_kind kind;
	uint64_t tag;
	bool multiple;
	struct delivery *delivery;
	uint32_t messages, consumers; /* DEPTH: ready messages, consumers of the queue */
	char text[256];		      /* RETURNED: the broker's words; ALARM: its reason */
};

/* Take one event; never waits. */
enum outcome broker_next(struct broker *broker, struct broker_event *event,
			 struct failure *failure) MUST_CHECK;

/* --- publishing --- */

/*
 * Publish persistent and mandatory. *tag is the number that a later ACKED or NACKED names: 1, 2, 3
 * … per connection. Copies what it needs. Can block while the broker does not read (see the
 * watchdog).
 */
enum outcome broker_publish(struct broker *broker, const char *exchange, const char *routing_key,
			    const struct message *message, uint64_t *tag,
			    struct failure *failure) MUST_CHECK;

/* --- consuming --- */

/* prefetch: messages in hand unacknowledged at most. */
enum outcome broker_consume(struct broker *broker, const char *queue, uint16_t prefetch,
			    struct failure *failure) MUST_CHECK;

/*
 * One more consumer on this connection, with a tag and a prefetch of its own, without waiting for
 * the broker's answer: what is wrong shows at the next broker_next(). broker_cancel() is not for
 * these.
 */
enum outcome broker_consume_more(struct broker *broker, const char *consumer_tag, const char *queue,
				 uint16_t prefetch, struct failure *failure) MUST_CHECK;

/* Deliver nothing more; what was delivered can still be acknowledged. */
enum outcome broker_cancel(struct broker *broker, struct failure *failure) MUST_CHECK;

/* multiple: all tags up to this one. */
enum outcome broker_ack(struct broker *broker, uint64_t tag, bool multiple,
			struct failure *failure) MUST_CHECK;

/* --- topology --- */

struct broker_argument {
	const char *name;
	const char *text; /* NULL: number counts */
	int64_t number;
};

/* passive: only check that it is there. */
enum outcome broker_declare_exchange(struct broker *broker, const char *name, const char *type,
				     bool passive, struct failure *failure) MUST_CHECK;

/* messages and consumers (each may be NULL) get the queue's counts. */
enum outcome broker_declare_queue(struct broker *broker, const char *name, bool passive,
				  const struct broker_argument *arguments, size_t argument_count,
				  uint32_t *messages, uint32_t *consumers,
				  struct failure *failure) MUST_CHECK;

/*
 * Ask for the depth of a queue without waiting: the answer is a BROKER_DEPTH among what comes in. A
 * call that waits would make the library keep every message before the answer in memory. A queue
 * that is not there ends the connection (404).
 */
enum outcome broker_ask_depth(struct broker *broker, const char *queue,
			      struct failure *failure) MUST_CHECK;

enum outcome broker_bind_queue(struct broker *broker, const char *queue, const char *exchange,
			       const char *routing_key, struct failure *failure) MUST_CHECK;

/* Major version of the server, 3 or 4; 0 when it does not say. */
int broker_server_major(const struct broker *broker);

#endif
