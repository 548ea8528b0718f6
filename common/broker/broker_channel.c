/* SPDX-License-Identifier: MIT */
/*
 * broker_channel.c - failures of a connection, in words and as outcomes.
 */
#include "common/broker/broker_channel.h"
#include "common/broker/broker_errors.h"

static enum outcome
fail_with_reply(const struct broker *broker, const char *doing, int code, amqp_bytes_t text,
		struct failure *failure)
{
	const char *advice = broker_error_advice(code);

	failure_set(failure, OUTCOME_RETRY, EX_UNAVAILABLE, "broker %s: %s: %.*s%s%s%s",
		    broker->address, doing, (int)MIN(text.len, (size_t)300),
		    (const char *)text.bytes, advice[0] != '\0' ? " (" : "", advice,
		    advice[0] != '\0' ? ")" : "");
	broker_error_classify(code, failure);
	return failure->outcome;
}

enum outcome
broker_channel_fail_closed(const struct broker *broker, const char *doing,
			   const amqp_method_t *method, struct failure *failure)
{
	if (method->id == AMQP_CHANNEL_CLOSE_METHOD) {
		const amqp_channel_close_t *m = method->decoded;

		return fail_with_reply(broker, doing, m->reply_code, m->reply_text, failure);
	}
	if (method->id == AMQP_CONNECTION_CLOSE_METHOD) {
		const amqp_connection_close_t *m = method->decoded;

		return fail_with_reply(broker, doing, m->reply_code, m->reply_text, failure);
	}
	return failure_set(failure, OUTCOME_RETRY, EX_UNAVAILABLE,
			   "broker %s: %s: unexpected method 0x%08X", broker->address, doing,
			   method->id);
}

enum outcome
broker_channel_fail(const struct broker *broker, const char *doing, int status,
		    struct failure *failure)
{
	failure_set(failure, OUTCOME_RETRY, EX_UNAVAILABLE, "broker %s: %s: %s", broker->address,
		    doing, amqp_error_string2(status));
	failure->code = status;
	return OUTCOME_RETRY;
}

enum outcome
broker_channel_check(const struct broker *broker, const char *doing, amqp_rpc_reply_t reply,
		     struct failure *failure)
{
	switch (reply.reply_type) {
	case AMQP_RESPONSE_NORMAL:
		return OUTCOME_DONE;
	case AMQP_RESPONSE_SERVER_EXCEPTION:
		return broker_channel_fail_closed(broker, doing, &reply.reply, failure);
	case AMQP_RESPONSE_LIBRARY_EXCEPTION:
		return broker_channel_fail(broker, doing, reply.library_error, failure);
	case AMQP_RESPONSE_NONE:
		break;
	}
	return broker_channel_fail(broker, doing, AMQP_STATUS_UNEXPECTED_STATE, failure);
}

enum outcome
broker_channel_open_second(struct broker *broker, struct failure *failure)
{
	amqp_channel_open(broker->connection, SECOND_CHANNEL);
	return broker_channel_check(broker, "open a second channel",
				    amqp_get_rpc_reply(broker->connection), failure);
}

enum outcome
broker_channel_close_second(struct broker *broker, struct failure *failure)
{
	enum outcome outcome = broker_channel_check(
		broker, "close the second channel",
		amqp_channel_close(broker->connection, SECOND_CHANNEL, AMQP_REPLY_SUCCESS),
		failure);

	amqp_maybe_release_buffers_on_channel(broker->connection, SECOND_CHANNEL);
	return outcome;
}

void
broker_channel_confirm_closed(struct broker *broker, const amqp_rpc_reply_t *reply)
{
	amqp_channel_close_ok_t known = {0};

	/* a connection that is closed or lost wants nothing more */
	if (reply->reply_type == AMQP_RESPONSE_SERVER_EXCEPTION &&
	    reply->reply.id == AMQP_CHANNEL_CLOSE_METHOD)
		(void)!amqp_send_method(broker->connection, SECOND_CHANNEL,
					AMQP_CHANNEL_CLOSE_OK_METHOD, &known);
	amqp_maybe_release_buffers_on_channel(broker->connection, SECOND_CHANNEL);
}
