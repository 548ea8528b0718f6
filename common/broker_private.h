/* SPDX-License-Identifier: MIT */
/*
 * broker_private.h - what broker.c and broker_whole.c share; nobody else includes it.
 */
#ifndef COMMON_BROKER_PRIVATE_H
#define COMMON_BROKER_PRIVATE_H

#include "broker.h"

#include <amqp.h>

enum { CHANNEL = 1 };

struct broker {
	amqp_connection_state_t connection;
	const struct broker_settings *settings;
	char address[272];
	uint64_t published; /* delivery tag of the last message published */
	bool blocked;
	int server_major;
};

/* A delivery with the library's message that its spans point into. */
struct delivery_box {
	struct delivery delivery;
	amqp_message_t message;
};

enum outcome broker_fail_with_status(const struct broker *broker, const char *doing, int status,
				     struct failure *failure);

#endif
