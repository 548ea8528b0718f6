/* SPDX-License-Identifier: MIT */
/*
 * broker_private.h - what the files common/broker*.c share; nobody else includes it, or <amqp.h>.
 */
#ifndef COMMON_BROKER_BROKER_PRIVATE_H
#define COMMON_BROKER_BROKER_PRIVATE_H

#include "common/broker/broker.h"

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

static inline amqp_bytes_t
bytes_of(const char *text)
{
	return amqp_cstring_bytes(text);
}

static inline amqp_bytes_t
bytes_of_span(struct span span, size_t max)
{
	/* librabbitmq wants a pointer to non-const; it only reads what is published. */
	union {
		const char *in;
		char *out;
	} pointer = {.in = span.ptr};

	return (amqp_bytes_t){.len = MIN(span.len, max), .bytes = pointer.out};
}

static inline struct span
span_of_bytes(amqp_bytes_t bytes)
{
	return (struct span){.ptr = bytes.bytes != NULL ? bytes.bytes : "", .len = bytes.len};
}

/* --- broker.c --- */

enum outcome broker_fail_with_status(const struct broker *broker, const char *doing, int status,
				     struct failure *failure);

/* --- broker_message.c --- */

/* The delivery of a message that was read: its spans point into the message. */
void broker_read_box(struct delivery_box *box);

enum { BROKER_HEADERS_MAX = 32 };

/* The properties of a message to be published; they point into it. */
struct broker_properties {
	amqp_basic_properties_t basic;
	amqp_table_entry_t headers[BROKER_HEADERS_MAX];
};
void broker_make_properties(const struct message *message, struct broker_properties *properties);

#endif
