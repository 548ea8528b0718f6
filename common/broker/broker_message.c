/* SPDX-License-Identifier: MIT */
/*
 * broker_message.c - struct message to and from the library's: body, properties, headers.
 */
#include "common/broker/broker_private.h"

#include <amqp_framing.h>
#include <assert.h>
#include <stdlib.h>

enum {
	HEADER_TEXT_MAX = 4096, /* all headers together must fit into one frame */
	SHORT_TEXT_MAX = 255,	/* AMQP short string */
};

/* --- in --- */

/* An integer of any width and sign, or -1. */
static int64_t
number_of(const amqp_field_value_t *value)
{
	switch (value->kind) {
	case AMQP_FIELD_KIND_I8:
		return value->value.i8;
	case AMQP_FIELD_KIND_U8:
		return value->value.u8;
	case AMQP_FIELD_KIND_I16:
		return value->value.i16;
	case AMQP_FIELD_KIND_U16:
		return value->value.u16;
	case AMQP_FIELD_KIND_I32:
		return value->value.i32;
	case AMQP_FIELD_KIND_U32:
		return value->value.u32;
	case AMQP_FIELD_KIND_I64:
		return value->value.i64;
	case AMQP_FIELD_KIND_U64:
	case AMQP_FIELD_KIND_TIMESTAMP:
		return value->value.u64 <= INT64_MAX ? (int64_t)value->value.u64 : -1;
	default:
		return -1;
	}
}

static void
broker_message_take_header(struct message *message, const struct message_header *header,
			   const amqp_field_value_t *value)
{
	void *field = (char *)message + header->offset;
	int64_t number = number_of(value);

	switch (header->type) {
	case HEADER_TEXT:
		if (value->kind == AMQP_FIELD_KIND_UTF8 || value->kind == AMQP_FIELD_KIND_BYTES)
			*(struct span *)field = span_of_bytes(value->value.bytes);
		break;
	case HEADER_NUMBER:
		*(int64_t *)field = number >= 0 ? number : -1;
		break;
	case HEADER_TIME:
		*(int64_t *)field = number > 0 ? number : 0;
		break;
	}
}

static void
take_headers(struct delivery *delivery, const amqp_table_t *table)
{
	for (int i = 0; i < table->num_entries; i++) {
		const amqp_table_entry_t *entry = &table->entries[i];
		struct span key = span_of_bytes(entry->key);

		if (span_equals(key, SPAN_LITERAL("x-delivery-count")))
			delivery->delivery_count = MAX(0, number_of(&entry->value));
		for (size_t h = 0; h < message_header_count; h++)
			if (span_equals(key, span_of(message_headers[h].name)))
				broker_message_take_header(&delivery->message, &message_headers[h],
							   &entry->value);
	}
}

void
broker_read_box(struct delivery_box *box)
{
	const amqp_basic_properties_t *properties = &box->message.properties;
	struct message *message = &box->delivery.message;

	*message = MESSAGE_INIT;
	message->body = span_of_bytes(box->message.body);
	if ((properties->_flags & AMQP_BASIC_CONTENT_ENCODING_FLAG) != 0)
		message->content_encoding = span_of_bytes(properties->content_encoding);
	if ((properties->_flags & AMQP_BASIC_MESSAGE_ID_FLAG) != 0)
		message->message_id = span_of_bytes(properties->message_id);
	if ((properties->_flags & AMQP_BASIC_TIMESTAMP_FLAG) != 0 &&
	    properties->timestamp <= INT64_MAX)
		message->timestamp_s = (int64_t)properties->timestamp;
	if ((properties->_flags & AMQP_BASIC_HEADERS_FLAG) != 0)
		take_headers(&box->delivery, &properties->headers);
}

static struct delivery_box *
box_of(struct delivery *delivery)
{
	return (struct delivery_box *)(void *)((char *)delivery -
					       offsetof(struct delivery_box, delivery));
}

const char *
delivery_unpack(struct delivery *delivery, struct unpacker *unpacker)
{
	struct message *message = &delivery->message;
	amqp_message_t *whole = &box_of(delivery)->message;
	const char *problem;
	char *bytes;
	size_t len;

	if (!content_encoding_is_packed(message->content_encoding))
		return NULL;
	problem = unpacker_unpack(unpacker, message->content_encoding, message->body, &bytes, &len);
	if (problem != NULL)
		return problem;
	amqp_bytes_free(whole->body);
	whole->body = (amqp_bytes_t){.len = len, .bytes = bytes};
	whole->properties._flags &= ~(amqp_flags_t)AMQP_BASIC_CONTENT_ENCODING_FLAG;
	message->body = span_of_bytes(whole->body);
	message->content_encoding = SPAN_NULL;
	return NULL;
}

void
delivery_free(struct delivery **delivery)
{
	struct delivery_box *box;

	if (*delivery == NULL)
		return;
	box = box_of(*delivery);
	amqp_destroy_message(&box->message);
	free(box);
	*delivery = NULL;
}

/* --- out --- */

static int
make_headers(const struct message *message, amqp_table_entry_t *entries)
{
	int count = 0;

	for (size_t h = 0; h < message_header_count; h++) {
		const struct message_header *header = &message_headers[h];
		const void *field = (const char *)message + header->offset;
		amqp_table_entry_t *entry = &entries[count];

		entry->key = bytes_of(header->name);
		switch (header->type) {
		case HEADER_TEXT:
			if (((const struct span *)field)->ptr == NULL)
				continue;
			entry->value.kind = AMQP_FIELD_KIND_UTF8;
			entry->value.value.bytes =
				bytes_of_span(*(const struct span *)field, HEADER_TEXT_MAX);
			break;
		case HEADER_NUMBER:
			if (*(const int64_t *)field < 0)
				continue;
			entry->value.kind = AMQP_FIELD_KIND_I64;
			entry->value.value.i64 = *(const int64_t *)field;
			break;
		case HEADER_TIME:
			if (*(const int64_t *)field <= 0)
				continue;
			entry->value.kind = AMQP_FIELD_KIND_TIMESTAMP;
			entry->value.value.u64 = (uint64_t)*(const int64_t *)field;
			break;
		}
		count++;
	}
	return count;
}

void
broker_make_properties(const struct message *message, struct broker_properties *properties)
{
	amqp_basic_properties_t *basic = &properties->basic;

	*basic = (amqp_basic_properties_t){
		._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
			  AMQP_BASIC_APP_ID_FLAG | AMQP_BASIC_HEADERS_FLAG,
		.content_type = bytes_of("text/plain"),
		.delivery_mode = AMQP_DELIVERY_PERSISTENT,
		.app_id = bytes_of("sluice"),
	};
	assert(message_header_count <= BROKER_HEADERS_MAX);
	basic->headers.num_entries = make_headers(message, properties->headers);
	basic->headers.entries = properties->headers;
	if (message->message_id.ptr != NULL) {
		basic->_flags |= AMQP_BASIC_MESSAGE_ID_FLAG;
		basic->message_id = bytes_of_span(message->message_id, SHORT_TEXT_MAX);
	}
	if (message->content_encoding.ptr != NULL) {
		basic->_flags |= AMQP_BASIC_CONTENT_ENCODING_FLAG;
		basic->content_encoding = bytes_of_span(message->content_encoding, SHORT_TEXT_MAX);
	}
	if (message->timestamp_s > 0) {
		basic->_flags |= AMQP_BASIC_TIMESTAMP_FLAG;
		basic->timestamp = (uint64_t)message->timestamp_s;
	}
}
