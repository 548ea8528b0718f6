/* SPDX-License-Identifier: MIT */
/*
 * broker_consume.c - consuming on a connection.
 */
#include "common/broker/broker_consume.h"
#include "common/broker/amqp_library.h"
#include "common/broker/broker_channel.h"

#include <stdio.h>

static const char CONSUMER_TAG[] = "sluice";

static enum outcome
set_prefetch(struct broker *broker, uint16_t prefetch, struct failure *failure)
{
	amqp_basic_qos(broker->connection, CHANNEL, 0, prefetch, 0);
	return broker_channel_check(broker, "set the prefetch",
				    amqp_get_rpc_reply(broker->connection), failure);
}

enum outcome
broker_consume(struct broker *broker, const char *queue, uint16_t prefetch, struct failure *failure)
{
	char doing[320];

	if (set_prefetch(broker, prefetch, failure) != OUTCOME_DONE)
		return failure->outcome;
	snprintf(doing, sizeof(doing), "consume from queue %s", queue);
	amqp_basic_consume(broker->connection, CHANNEL, amqp_bytes_of(queue),
			   amqp_bytes_of(CONSUMER_TAG), 0, 0, 0, amqp_empty_table);
	return broker_channel_check(broker, doing, amqp_get_rpc_reply(broker->connection), failure);
}

enum outcome
broker_consume_more(struct broker *broker, const char *consumer_tag, const char *queue,
		    uint16_t prefetch, struct failure *failure)
{
	/* No answer is asked for: deliveries come before it, and the library would hoard them. */
	amqp_basic_consume_t method = {.queue = amqp_bytes_of(queue),
				       .consumer_tag = amqp_bytes_of(consumer_tag),
				       .nowait = 1};
	int status;

	if (set_prefetch(broker, prefetch, failure) != OUTCOME_DONE)
		return failure->outcome;
	status = amqp_send_method(broker->connection, CHANNEL, AMQP_BASIC_CONSUME_METHOD, &method);
	if (status != AMQP_STATUS_OK)
		return broker_channel_fail(broker, "consume", status, failure);
	return OUTCOME_DONE;
}

enum outcome
broker_deliver_once(struct broker *broker, const char *queue, bool *was_there,
		    struct failure *failure)
{
	amqp_rpc_reply_t reply;
	amqp_message_t message;
	char doing[320];

	*was_there = false;
	if (broker_channel_open_second(broker, failure) != OUTCOME_DONE)
		return failure->outcome;
	snprintf(doing, sizeof(doing), "get a message of queue %s", queue);
	reply = amqp_basic_get(broker->connection, SECOND_CHANNEL, amqp_bytes_of(queue), 0);
	if (broker_channel_check(broker, doing, reply, failure) != OUTCOME_DONE) {
		broker_channel_confirm_closed(broker, &reply);
		return failure->outcome;
	}
	if (reply.reply.id == AMQP_BASIC_GET_OK_METHOD) {
		reply = amqp_read_message(broker->connection, SECOND_CHANNEL, &message, 0);
		if (broker_channel_check(broker, doing, reply, failure) != OUTCOME_DONE)
			return failure->outcome;
		amqp_destroy_message(&message);
		*was_there = true;
	}
	return broker_channel_close_second(broker, failure);
}

enum outcome
broker_cancel(struct broker *broker, struct failure *failure)
{
	amqp_basic_cancel(broker->connection, CHANNEL, amqp_bytes_of(CONSUMER_TAG));
	return broker_channel_check(broker, "cancel the consumer",
				    amqp_get_rpc_reply(broker->connection), failure);
}

enum outcome
broker_ack(struct broker *broker, uint64_t tag, bool multiple, struct failure *failure)
{
	int status = amqp_basic_ack(broker->connection, CHANNEL, tag, multiple);

	if (status != AMQP_STATUS_OK)
		return broker_channel_fail(broker, "acknowledge", status, failure);
	return OUTCOME_DONE;
}
