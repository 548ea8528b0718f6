/* SPDX-License-Identifier: MIT */
/*
 * broker_publish.h - publishing on a connection of BROKER_PUBLISH.
 */
#ifndef COMMON_BROKER_BROKER_PUBLISH_H
#define COMMON_BROKER_BROKER_PUBLISH_H

#include "common/broker/broker.h"

struct amqp_basic_properties_t_;

/*
 * Publish persistent and mandatory. *tag is the number that a later ACKED or NACKED names: 1, 2, 3
 * … per connection. Copies what it needs. Can block while the broker does not read (see the
 * watchdog).
 */
enum outcome broker_publish(struct broker *broker, const char *exchange, const char *routing_key,
			    const struct message *message, uint64_t *tag,
			    struct failure *failure) MUST_CHECK;

/* The same with properties as the library has them. */
enum outcome broker_publish_properties(struct broker *broker, const char *exchange,
				       const char *routing_key,
				       const struct amqp_basic_properties_t_ *properties,
				       struct span body, uint64_t *tag,
				       struct failure *failure) MUST_CHECK;

#endif
