/* SPDX-License-Identifier: MIT */
/*
 * broker_errors.c - AMQP reply code -> outcome.
 */
#include "common/broker/broker_errors.h"

struct reply_row {
	int code;
	enum outcome outcome;
	int exit_code;
	const char *advice;
};

#define RETRY(reply) \
	{.code = (reply), .outcome = OUTCOME_RETRY, .exit_code = EX_UNAVAILABLE, .advice = ""}
#define REJECT(reply, text) \
	{.code = (reply), .outcome = OUTCOME_REJECT, .exit_code = EX_DATAERR, .advice = (text)}
#define FATAL(reply, exit, text) \
	{.code = (reply), .outcome = OUTCOME_FATAL, .exit_code = (exit), .advice = (text)}

/* clang-format off */
static const struct reply_row replies[] = {
	REJECT(311, "the message is larger than the broker takes"),
	RETRY(313), /* no-consumers */
	RETRY(320), /* connection-forced: shutdown, closed by an operator */
	FATAL(402, EX_CONFIG, "check broker.vhost"),
	FATAL(403, EX_NOPERM, "check broker.user, its password file and its permissions"),
	RETRY(404), /* somebody deleted it; the next connect declares it */
	RETRY(405), /* resource-locked */
	RETRY(406), /* at work: consumer timeout; topology.c knows the other */
	RETRY(501), /* frame-error */
	RETRY(502), /* syntax-error */
	RETRY(503), /* command-invalid */
	RETRY(504), /* channel-error */
	RETRY(505), /* unexpected-frame */
	RETRY(506), /* resource-error: out of memory or descriptors */
	FATAL(530, EX_CONFIG, "check broker.vhost and the user's permissions on it"),
	FATAL(540, EX_CONFIG, "the broker is too old for Sluice: RabbitMQ 3.10 is needed"),
	RETRY(541), /* internal-error */
};
/* clang-format on */

void
broker_error_classify(int reply_code, struct failure *failure)
{
	failure->code = reply_code;
	failure->outcome = OUTCOME_RETRY;
	failure->exit_code = EX_UNAVAILABLE;
	for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
		if (replies[i].code == reply_code) {
			failure->outcome = replies[i].outcome;
			failure->exit_code = replies[i].exit_code;
		}
	}
}

const char *
broker_error_advice(int reply_code)
{
	for (size_t i = 0; i < ARRAY_LEN(replies); i++)
		if (replies[i].code == reply_code)
			return replies[i].advice;
	return "";
}
