/* SPDX-License-Identifier: MIT */
/*
 * fake_broker.h - a broker in memory, in place of broker.c, broker_publish.c, broker_consume.c and
 * broker_declare.c: exchanges (direct, topic), queues, bindings, confirms, returns, deliveries,
 * acknowledgements, alarms, lost connections. What a message looks like is the real code's
 * (delivery.c, delivery_json.c, broker_message.c, broker_publish_json.c), and so is topology.c.
 *
 * A connection on which a call has failed is spent; using it once more is our bug, and an assertion
 * fails. What was delivered on a connection that ends goes back to its queue, in its old order, and
 * counts as delivered once more.
 *
 * Use fake_time.h with it: a descriptor of broker_fd() is ready only for its poll(2).
 */
#ifndef TESTS_FAKES_FAKE_BROKER_H
#define TESTS_FAKES_FAKE_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/broker/broker.h"
#include "tests/fakes/fake.h"

/* Forget everything. No connection may be open. */
void fake_broker_reset(void);

/* --- queues and messages --- */

void fake_broker_add_exchange(const char *exchange, bool is_topic); /* nothing when it is there */
void fake_broker_add_queue(const char *queue);			    /* the same */
void fake_broker_bind(const char *exchange, const char *routing_key, const char *queue);
/* With its messages; who consumes from it hears of it. */
void fake_broker_delete_queue(const char *queue);
/* Take a binding away; false when there is none. */
bool fake_broker_unbind(const char *exchange, const char *routing_key, const char *queue);

/*
 * The delivery limit: that of the policy for all queues (-1 is one, too; 0 = there is none), else none
 * for a queue that was declared with -1, else RabbitMQ's own. bare: as 3.x has made it.
 */
void fake_broker_set_bare(const char *queue);
void fake_broker_set_policy_limit(int limit);

/* Put a message at the end of a queue: with headers, or a body alone, as any client sends it. */
void fake_broker_put(const char *queue, const struct message *message);
void fake_broker_put_text(const char *queue, const char *body);

size_t fake_broker_ready(const char *queue);   /* messages that wait in it */
size_t fake_broker_unacked(const char *queue); /* delivered, not acknowledged */

/* Message number i (from 0) that waits in the queue; NULL when there is none. The caller's. */
struct delivery *fake_broker_look(const char *queue, size_t i);
/* A message with this body waits in the queue. */
bool fake_broker_has(const char *queue, const char *body);

/* Called for each message that is acknowledged, before that counts. NULL for none. */
typedef void fake_broker_ack_fn(void *context, const char *queue, const struct message *message);
void fake_broker_on_ack(fake_broker_ack_fn *function, void *context);

/* --- confirms --- */

void fake_broker_set_full(const char *queue, bool full); /* full: what is published is nacked */
void fake_broker_nack_next(unsigned count); /* messages published from now on are nacked */
/* hold: messages are taken, but not confirmed before fake_broker_release_confirms(). */
void fake_broker_hold_confirms(bool hold);
/* All that are held; multiple: as one ACKED for each connection. */
void fake_broker_release_confirms(bool multiple);

/* --- trouble --- */

/* While there is an alarm, what is published waits, and whoever publishes hears of it. */
void fake_broker_set_alarm(bool alarm);
/* Every connection (or those of one use) is lost; who asks next finds out. */
void fake_broker_cut(void);
void fake_broker_cut_use(enum broker_use use);
/* The consumers on every connection are cancelled by the broker. */
void fake_broker_cancel_consumers(void);

size_t fake_broker_connections(void);
void fake_broker_set_major(int major); /* 4 after a reset */

#endif
