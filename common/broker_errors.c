/* SPDX-License-Identifier: MIT */
/*
 * broker_errors.c - AMQP reply code -> outcome.
 */
#include "broker_errors.h"

static const struct {
	int code;
	enum outcome outcome;
	int exit_code;
	const char *advice;
} replies[] = {
	{311, OUTCOME_REJECT, EX_DATAERR, "the message is larger than the broker takes"},
	{313, OUTCOME_RETRY, EX_UNAVAILABLE, ""}, /* no-consumers */
	{320, OUTCOME_RETRY, EX_UNAVAILABLE,
	 ""}, /* connection-forced: shutdown, closed by an operator */
	{402, OUTCOME_FATAL, EX_CONFIG, "check broker.vhost"},
	{403, OUTCOME_FATAL, EX_NOPERM, "check broker.user, its password file and its permissions"},
	{404, OUTCOME_RETRY, EX_UNAVAILABLE,
	 ""}, /* somebody deleted it; the next connect declares it */
	{405, OUTCOME_RETRY, EX_UNAVAILABLE, ""}, /* resource-locked */
	{406, OUTCOME_RETRY, EX_UNAVAILABLE,
	 ""}, /* at work: consumer timeout; topology.c knows the other */
	{501, OUTCOME_RETRY, EX_UNAVAILABLE, ""}, /* frame-error */
	{502, OUTCOME_RETRY, EX_UNAVAILABLE, ""}, /* syntax-error */
	{503, OUTCOME_RETRY, EX_UNAVAILABLE, ""}, /* command-invalid */
	{504, OUTCOME_RETRY, EX_UNAVAILABLE, ""}, /* channel-error */
	{505, OUTCOME_RETRY, EX_UNAVAILABLE, ""}, /* unexpected-frame */
	{506, OUTCOME_RETRY, EX_UNAVAILABLE, ""}, /* resource-error: out of memory or descriptors */
	{530, OUTCOME_FATAL, EX_CONFIG, "check broker.vhost and the user's permissions on it"},
	{540, OUTCOME_FATAL, EX_CONFIG,
	 "the broker is too old for Sluice: RabbitMQ 3.10 is needed"},
	{541, OUTCOME_RETRY, EX_UNAVAILABLE, ""}, /* internal-error */
};

void
broker_classify_reply(int reply_code, struct failure *failure)
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
broker_reply_advice(int reply_code)
{
	for (size_t i = 0; i < ARRAY_LEN(replies); i++)
		if (replies[i].code == reply_code)
			return replies[i].advice;
	return "";
}
