/* SPDX-License-Identifier: MIT */
/*
 * broker_consume.h - consuming on a connection of BROKER_CONSUME.
 */
#ifndef COMMON_BROKER_BROKER_CONSUME_H
#define COMMON_BROKER_BROKER_CONSUME_H

#include "common/broker/broker.h"

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

/*
 * Take one message of a queue on a channel of its own, and give it back by closing that: for the
 * broker a delivery that ended without an acknowledgement. *was_there: there was one.
 */
enum outcome broker_deliver_once(struct broker *broker, const char *queue, bool *was_there,
				 struct failure *failure) MUST_CHECK;

/* Deliver nothing more; what was delivered can still be acknowledged. */
enum outcome broker_cancel(struct broker *broker, struct failure *failure) MUST_CHECK;

/* multiple: all tags up to this one. */
enum outcome broker_ack(struct broker *broker, uint64_t tag, bool multiple,
			struct failure *failure) MUST_CHECK;

#endif
