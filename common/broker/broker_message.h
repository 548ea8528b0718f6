/* SPDX-License-Identifier: MIT */
/*
 * broker_message.h - struct message to and from the library's: body, properties, headers.
 */
#ifndef COMMON_BROKER_BROKER_MESSAGE_H
#define COMMON_BROKER_BROKER_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/broker/amqp_library.h"
#include "common/base/defs.h"
#include "common/base/span.h"
#include "common/message/message.h"

/* The properties that are texts, by name, flag and field. */
struct broker_message_text {
	const char *name;
	amqp_flags_t flag;
	size_t offset; /* of an amqp_bytes_t in amqp_basic_properties_t */
	bool is_sent;  /* when a message with all its properties is sent on */
};
extern const struct broker_message_text broker_message_texts[];
extern const size_t broker_message_text_count;

/* A message that was read; its spans point into the library's. */
struct message broker_message_read(const amqp_message_t *from);

/* A header of these properties; NULL when it is absent. */
const amqp_field_value_t *broker_message_header(const amqp_basic_properties_t *properties,
						const char *name);

/* An entry of a table; NULL when it is absent. */
const amqp_field_value_t *broker_message_entry(const amqp_table_t *table, const char *name);

/* A whole number of any width in *number, and whether it is one; one above INT64_MAX is none. */
bool broker_message_number(const amqp_field_value_t *value, int64_t *number);

enum { BROKER_MESSAGE_HEADERS_MAX = 32 };

/* The properties of a message to be published; they point into the message. */
struct broker_message_properties {
	amqp_basic_properties_t basic;
	amqp_table_entry_t headers[BROKER_MESSAGE_HEADERS_MAX];
};
void broker_message_write(const struct message *message,
			  struct broker_message_properties *properties);

static inline struct span
broker_message_span(amqp_bytes_t bytes)
{
	return (struct span){.ptr = bytes.bytes != NULL ? bytes.bytes : "", .len = bytes.len};
}

/* At most max bytes of a span. The library wants a pointer to non-const; it only reads here. */
static inline amqp_bytes_t
broker_message_bytes(struct span span, size_t max)
{
	union {
		const char *in;
		char *out;
	} pointer = {.in = span.ptr};

	return (amqp_bytes_t){.len = MIN(span.len, max), .bytes = pointer.out};
}

#endif
