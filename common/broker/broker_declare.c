/* SPDX-License-Identifier: MIT */
/*
 * broker_declare.c - exchanges, queues and bindings, one at a time.
 */
#include "common/broker/broker_declare.h"
#include "common/broker/amqp_library.h"
#include "common/broker/broker_channel.h"

#include <assert.h>
#include <stdio.h>

enum outcome
broker_declare_exchange(struct broker *broker, const char *name, const char *type, bool passive,
			struct failure *failure)
{
	char doing[320];

	snprintf(doing, sizeof(doing), "declare exchange %s", name);
	amqp_exchange_declare(broker->connection, CHANNEL, amqp_bytes_of(name), amqp_bytes_of(type),
			      passive, 1, 0, 0, amqp_empty_table);
	return broker_channel_check(broker, doing, amqp_get_rpc_reply(broker->connection), failure);
}

enum { ARGUMENTS_MAX = 16 };

/* The entries are the caller's, ARGUMENTS_MAX of them. */
static amqp_table_t
make_table(const struct broker_argument *arguments, size_t count, amqp_table_entry_t *entries)
{
	assert(count <= ARGUMENTS_MAX);
	for (size_t i = 0; i < count; i++) {
		entries[i].key = amqp_bytes_of(arguments[i].name);
		if (arguments[i].text != NULL) {
			entries[i].value.kind = AMQP_FIELD_KIND_UTF8;
			entries[i].value.value.bytes = amqp_bytes_of(arguments[i].text);
		} else {
			entries[i].value.kind = AMQP_FIELD_KIND_I64;
			entries[i].value.value.i64 = arguments[i].number;
		}
	}
	return (amqp_table_t){.num_entries = (int)count, .entries = entries};
}

enum outcome
broker_declare_queue(struct broker *broker, const char *name, bool passive,
		     const struct broker_argument *arguments, size_t argument_count,
		     uint32_t *messages, uint32_t *consumers, struct failure *failure)
{
	amqp_table_entry_t entries[ARGUMENTS_MAX];
	amqp_table_t table = make_table(arguments, argument_count, entries);
	const amqp_queue_declare_ok_t *answer;
	enum outcome outcome;
	char doing[320];

	snprintf(doing, sizeof(doing), "declare queue %s", name);
	answer = amqp_queue_declare(broker->connection, CHANNEL, amqp_bytes_of(name), passive, 1, 0,
				    0, table);
	outcome = broker_channel_check(broker, doing, amqp_get_rpc_reply(broker->connection),
				       failure);
	if (outcome == OUTCOME_DONE && answer != NULL) {
		if (messages != NULL)
			*messages = answer->message_count;
		if (consumers != NULL)
			*consumers = answer->consumer_count;
	}
	return outcome;
}

enum outcome
broker_try_declare_queue(struct broker *broker, const char *name,
			 const struct broker_argument *arguments, size_t argument_count,
			 struct failure *failure)
{
	amqp_table_entry_t entries[ARGUMENTS_MAX];
	amqp_table_t table = make_table(arguments, argument_count, entries);
	amqp_rpc_reply_t reply;
	char doing[320];

	if (broker_channel_open_second(broker, failure) != OUTCOME_DONE)
		return failure->outcome;
	snprintf(doing, sizeof(doing), "declare queue %s", name);
	amqp_queue_declare(broker->connection, SECOND_CHANNEL, amqp_bytes_of(name), 0, 1, 0, 0,
			   table);
	reply = amqp_get_rpc_reply(broker->connection);
	if (broker_channel_check(broker, doing, reply, failure) == OUTCOME_DONE)
		return broker_channel_close_second(broker, failure);
	broker_channel_confirm_closed(broker, &reply);
	return failure->outcome;
}

enum outcome
broker_delete_queue(struct broker *broker, const char *name, struct failure *failure)
{
	char doing[320];

	snprintf(doing, sizeof(doing), "delete queue %s", name);
	amqp_queue_delete(broker->connection, CHANNEL, amqp_bytes_of(name), 0, 0);
	return broker_channel_check(broker, doing, amqp_get_rpc_reply(broker->connection), failure);
}

enum outcome
broker_ask_depth(struct broker *broker, const char *queue, struct failure *failure)
{
	amqp_queue_declare_t question = {
		.queue = amqp_bytes_of(queue), .passive = 1, .arguments = amqp_empty_table};
	int status =
		amqp_send_method(broker->connection, CHANNEL, AMQP_QUEUE_DECLARE_METHOD, &question);

	if (status != AMQP_STATUS_OK)
		return broker_channel_fail(broker, "ask for the depth of a queue", status, failure);
	return OUTCOME_DONE;
}

enum outcome
broker_bind_queue(struct broker *broker, const char *queue, const char *exchange,
		  const char *routing_key, struct failure *failure)
{
	char doing[640];

	snprintf(doing, sizeof(doing), "bind queue %s to exchange %s with key %s", queue, exchange,
		 routing_key);
	amqp_queue_bind(broker->connection, CHANNEL, amqp_bytes_of(queue), amqp_bytes_of(exchange),
			amqp_bytes_of(routing_key), amqp_empty_table);
	return broker_channel_check(broker, doing, amqp_get_rpc_reply(broker->connection), failure);
}
