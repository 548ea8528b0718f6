/* SPDX-License-Identifier: MIT */
/*
 * broker_message.c - struct message to and from the library's: body, properties, headers.
 */
#include "common/broker/broker_message.h"

#include <assert.h>

enum {
	HEADER_TEXT_MAX = 4096, /* all headers together must fit into one frame */
	SHORT_TEXT_MAX = 255,	/* AMQP short string */
};

const struct broker_message_text broker_message_texts[] = {
#define PROPERTY(field, FLAG, sent) \
	{#field, AMQP_BASIC_##FLAG##_FLAG, offsetof(amqp_basic_properties_t, field), sent}
	PROPERTY(content_type, CONTENT_TYPE, true),
	PROPERTY(content_encoding, CONTENT_ENCODING, true),
	PROPERTY(correlation_id, CORRELATION_ID, true),
	PROPERTY(reply_to, REPLY_TO, true),
	PROPERTY(expiration, EXPIRATION, false),
	PROPERTY(message_id, MESSAGE_ID, true),
	PROPERTY(type, TYPE, true),
	PROPERTY(user_id, USER_ID, false),
	PROPERTY(app_id, APP_ID, true),
	PROPERTY(cluster_id, CLUSTER_ID, true),
#undef PROPERTY
};
const size_t broker_message_text_count = ARRAY_LEN(broker_message_texts);

/* --- in --- */

bool
broker_message_number(const amqp_field_value_t *value, int64_t *number)
{
	switch (value->kind) {
	case AMQP_FIELD_KIND_I8:
		*number = value->value.i8;
		return true;
	case AMQP_FIELD_KIND_U8:
		*number = value->value.u8;
		return true;
	case AMQP_FIELD_KIND_I16:
		*number = value->value.i16;
		return true;
	case AMQP_FIELD_KIND_U16:
		*number = value->value.u16;
		return true;
	case AMQP_FIELD_KIND_I32:
		*number = value->value.i32;
		return true;
	case AMQP_FIELD_KIND_U32:
		*number = value->value.u32;
		return true;
	case AMQP_FIELD_KIND_I64:
		*number = value->value.i64;
		return true;
	case AMQP_FIELD_KIND_U64:
		*number = (int64_t)value->value.u64;
		return value->value.u64 <= INT64_MAX;
	default:
		return false;
	}
}

/* Seconds since 1970, from a time or a number; 0 when it is neither. */
static int64_t
time_of(const amqp_field_value_t *value)
{
	int64_t number;

	if (value->kind == AMQP_FIELD_KIND_TIMESTAMP)
		return value->value.u64 <= INT64_MAX ? (int64_t)value->value.u64 : 0;
	return broker_message_number(value, &number) ? MAX(0, number) : 0;
}

static void
read_header(struct message *message, const struct message_header *header,
	    const amqp_field_value_t *value)
{
	void *field = (char *)message + header->offset;
	int64_t number;

	switch (header->type) {
	case HEADER_TEXT:
		if (value->kind == AMQP_FIELD_KIND_UTF8 || value->kind == AMQP_FIELD_KIND_BYTES)
			*(struct span *)field = broker_message_span(value->value.bytes);
		break;
	case HEADER_NUMBER:
		*(int64_t *)field =
			broker_message_number(value, &number) && number >= 0 ? number : -1;
		break;
	case HEADER_TIME:
		*(int64_t *)field = time_of(value);
		break;
	}
}

static void
read_headers(struct message *message, const amqp_table_t *table)
{
	for (int i = 0; i < table->num_entries; i++) {
		const amqp_table_entry_t *entry = &table->entries[i];

		for (size_t h = 0; h < message_header_count; h++)
			if (span_equals(broker_message_span(entry->key),
					span_of(message_headers[h].name)))
				read_header(message, &message_headers[h], &entry->value);
	}
}

struct message
broker_message_read(const amqp_message_t *from)
{
	const amqp_basic_properties_t *properties = &from->properties;
	struct message message = MESSAGE_INIT;

	message.body = broker_message_span(from->body);
	if ((properties->_flags & AMQP_BASIC_CONTENT_ENCODING_FLAG) != 0)
		message.content_encoding = broker_message_span(properties->content_encoding);
	if ((properties->_flags & AMQP_BASIC_MESSAGE_ID_FLAG) != 0)
		message.message_id = broker_message_span(properties->message_id);
	if ((properties->_flags & AMQP_BASIC_TIMESTAMP_FLAG) != 0 &&
	    properties->timestamp <= INT64_MAX)
		message.timestamp_s = (int64_t)properties->timestamp;
	if ((properties->_flags & AMQP_BASIC_HEADERS_FLAG) != 0)
		read_headers(&message, &properties->headers);
	return message;
}

const amqp_field_value_t *
broker_message_entry(const amqp_table_t *table, const char *name)
{
	for (int i = 0; i < table->num_entries; i++)
		if (span_equals(broker_message_span(table->entries[i].key), span_of(name)))
			return &table->entries[i].value;
	return NULL;
}

const amqp_field_value_t *
broker_message_header(const amqp_basic_properties_t *properties, const char *name)
{
	return (properties->_flags & AMQP_BASIC_HEADERS_FLAG) != 0
		       ? broker_message_entry(&properties->headers, name)
		       : NULL;
}

/* --- out --- */

static int
write_headers(const struct message *message, amqp_table_entry_t *entries)
{
	int count = 0;

	for (size_t h = 0; h < message_header_count; h++) {
		const struct message_header *header = &message_headers[h];
		const void *field = (const char *)message + header->offset;
		amqp_table_entry_t *entry = &entries[count];

		entry->key = amqp_cstring_bytes(header->name);
		switch (header->type) {
		case HEADER_TEXT:
			if (((const struct span *)field)->ptr == NULL)
				continue;
			entry->value.kind = AMQP_FIELD_KIND_UTF8;
			entry->value.value.bytes =
				broker_message_bytes(*(const struct span *)field, HEADER_TEXT_MAX);
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
broker_message_write(const struct message *message, struct broker_message_properties *properties)
{
	amqp_basic_properties_t *basic = &properties->basic;

	*basic = (amqp_basic_properties_t){
		._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
			  AMQP_BASIC_APP_ID_FLAG | AMQP_BASIC_HEADERS_FLAG,
		.content_type = amqp_cstring_bytes("text/plain"),
		.delivery_mode = AMQP_DELIVERY_PERSISTENT,
		.app_id = amqp_cstring_bytes("sluice"),
	};
	assert(message_header_count <= BROKER_MESSAGE_HEADERS_MAX);
	basic->headers.num_entries = write_headers(message, properties->headers);
	basic->headers.entries = properties->headers;
	if (message->message_id.ptr != NULL) {
		basic->_flags |= AMQP_BASIC_MESSAGE_ID_FLAG;
		basic->message_id = broker_message_bytes(message->message_id, SHORT_TEXT_MAX);
	}
	if (message->content_encoding.ptr != NULL) {
		basic->_flags |= AMQP_BASIC_CONTENT_ENCODING_FLAG;
		basic->content_encoding =
			broker_message_bytes(message->content_encoding, SHORT_TEXT_MAX);
	}
	if (message->timestamp_s > 0) {
		basic->_flags |= AMQP_BASIC_TIMESTAMP_FLAG;
		basic->timestamp = (uint64_t)message->timestamp_s;
	}
}
