/* SPDX-License-Identifier: MIT */
/*
 * delivery_limit.h - may dead letters be looked at, or would a delivery limit end them?
 *
 * Letters that a reader gives back count as delivered once more, and above the queue's limit the
 * broker throws them away. The limit comes from an argument, a policy or both (the larger wins
 * when one is -1: a policy of 20 overrides an argument of -1); RabbitMQ 4 has 20 where there is neither. AMQP
 * shows none of this. So it is tried, before a letter is touched: a queue with the same arguments
 * and a name that the same policies match gets a message of ours, which is delivered and given
 * back more often than RabbitMQ 4 allows by itself.
 */
#ifndef COMMON_BROKER_DELIVERY_LIMIT_H
#define COMMON_BROKER_DELIVERY_LIMIT_H

#include "common/broker/broker.h"

/*
 * DONE when letters of this queue ("queue-data-clean.dead") may be looked at any number of times.
 * FATAL when they may not, with how to mend it; RETRY when it cannot be found out now. Somebody
 * who must not declare is trusted on RabbitMQ 3.x, which has no limit by itself, and nowhere else.
 * Takes a connection of its own.
 */
enum outcome delivery_limit_check(const struct broker_settings *settings, const char *dead_queue,
				  const char *client_name, struct failure *failure) MUST_CHECK;

#endif
