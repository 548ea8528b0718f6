/* SPDX-License-Identifier: MIT */
/*
 * broker_errors.h - what an AMQP reply code means for us: one table.
 *
 * Source: AMQP 0-9-1, section 1.2 "reply-code"; RabbitMQ's use of them.
 */
#ifndef COMMON_BROKER_BROKER_ERRORS_H
#define COMMON_BROKER_BROKER_ERRORS_H

#include "common/process/outcome.h"

/* The numbers that callers compare with. */
enum {
	AMQP_CODE_ACCESS_REFUSED = 403,
	AMQP_CODE_NOT_FOUND = 404,
	AMQP_CODE_PRECONDITION_FAILED = 406,
};

/*
 * Sets outcome, exit_code and code of a failure from a reply code of channel.close or
 * connection.close; the text is the caller's. An unknown code is RETRY: the connection is closed in
 * any case, and a retry never loses anything.
 */
void broker_error_classify(int reply_code, struct failure *failure);

/* A word of advice for people, "" when there is none. */
const char *broker_error_advice(int reply_code);

#endif
