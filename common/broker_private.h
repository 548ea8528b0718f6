/* SPDX-License-Identifier: MIT */
/*
 * broker_private.h - what the files common/broker*.c share; nobody else includes it, or <amqp.h>.
 */
#ifndef COMMON_BROKER_PRIVATE_H
#define COMMON_BROKER_PRIVATE_H

#include "broker.h"

#include <amqp.h>

enum {
	CHANNEL = 1,
	BROKER_TABLE_DEPTH_MAX = 16, /* tables in tables: more than anybody means */
};

/* The properties that are texts, by name, flag and field; the table is in broker_whole.c. */
struct broker_text_property {
	const char *name;
	amqp_flags_t flag;
	size_t offset; /* of an amqp_bytes_t in amqp_basic_properties_t */
	bool is_sent;
};
extern const struct broker_text_property broker_text_properties[];
extern const size_t broker_text_property_count;

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
