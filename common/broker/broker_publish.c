/* SPDX-License-Identifier: MIT */
/*
 * broker_publish.c - publishing on a connection.
 */
#include "common/broker/broker_publish.h"
#include "common/broker/amqp_library.h"
#include "common/broker/broker_channel.h"
#include "common/broker/broker_message.h"

enum outcome
broker_publish_properties(struct broker *broker, const char *exchange, const char *routing_key,
			  const struct amqp_basic_properties_t_ *properties, struct span body,
			  uint64_t *tag, struct failure *failure)
{
	int status = amqp_basic_publish(broker->connection, CHANNEL, amqp_bytes_of(exchange),
					amqp_bytes_of(routing_key), 1, 0, properties,
					broker_message_bytes(body, SIZE_MAX));

	if (status != AMQP_STATUS_OK)
		return broker_channel_fail(broker, "publish", status, failure);
	*tag = ++broker->published;
	return OUTCOME_DONE;
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
