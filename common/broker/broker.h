/* SPDX-License-Identifier: MIT */
/*
 * broker.h - one connection to RabbitMQ with one channel: opening, closing, and what comes in. Only
 * files of common/broker know <amqp.h>.
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

#include "common/broker/delivery.h"
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

/*
 * Close politely if the connection still works (waits 2 s at most), free, set to NULL. NULL is
 * fine.
 */
void broker_close(struct broker **broker);

/* Free without a word to the broker: for a connection that has failed. NULL is fine. */
void broker_abandon(struct broker **broker);

int broker_fd(const struct broker *broker);

/* "127.0.0.1:5672": where this connection goes. */
const char *broker_address(const struct broker *broker);

/* The broker asks publishers to stop (memory or disk alarm). */
bool broker_is_blocked(const struct broker *broker);

/* --- what comes in --- */

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

/* Major version of the server, 3 or 4; 0 when it does not say. */
int broker_server_major(const struct broker *broker);

#endif
