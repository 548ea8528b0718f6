/* SPDX-License-Identifier: MIT */
/*
 * broker_channel.h - the inside of a connection, for the files that speak AMQP on it: broker.c,
 * broker_publish.c, broker_consume.c, broker_declare.c. Nobody else includes it.
 */
#ifndef COMMON_BROKER_BROKER_CHANNEL_H
#define COMMON_BROKER_BROKER_CHANNEL_H

#include <stdbool.h>

#include "common/broker/amqp_library.h"
#include "common/base/span.h"
#include "common/process/outcome.h"
#include "common/settings/settings.h"

enum { CHANNEL = 1, SECOND_CHANNEL = 2 };

struct broker {
	amqp_connection_state_t connection;
	const struct broker_settings *settings;
	char address[272];
	uint64_t published; /* delivery tag of the last message published */
	bool blocked;
	int server_major;
};

/* How a call of the library ended that waits for the broker's answer. doing: for the failure. */
enum outcome broker_channel_check(const struct broker *broker, const char *doing,
				  amqp_rpc_reply_t reply, struct failure *failure);

/* The library says that something failed: an amqp_status_enum. Always RETRY. */
enum outcome broker_channel_fail(const struct broker *broker, const char *doing, int status,
				 struct failure *failure);

/* The broker has closed channel or connection: method says why. */
enum outcome broker_channel_fail_closed(const struct broker *broker, const char *doing,
					const amqp_method_t *method, struct failure *failure);

/* A channel for a call that may cost it, or that is about closing it. */
enum outcome broker_channel_open_second(struct broker *broker, struct failure *failure);
enum outcome broker_channel_close_second(struct broker *broker, struct failure *failure);

/* The broker has closed that channel by this reply, and wants to hear that it is known. */
void broker_channel_confirm_closed(struct broker *broker, const amqp_rpc_reply_t *reply);

static inline amqp_bytes_t
amqp_bytes_of(const char *text)
{
	return amqp_cstring_bytes(text);
}

#endif
