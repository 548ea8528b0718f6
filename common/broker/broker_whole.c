/* SPDX-License-Identifier: MIT */
/*
 * broker_whole.c - the properties of a message that came in: all of them as JSON, or single
 * headers. The way back is broker_whole_send.c.
 */
#include "common/broker/broker_whole.h"
#include "common/base/base64.h"
#include "common/broker/broker_private.h"
#include "common/base/utf8.h"

#include <amqp_framing.h>
#include <stdlib.h>
#include <string.h>

const struct broker_text_property broker_text_properties[] = {
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
const size_t broker_text_property_count = ARRAY_LEN(broker_text_properties);

static const amqp_message_t *
message_of(const struct delivery *delivery)
{
	const struct delivery_box *box =
		(const struct delivery_box *)(const void *)((const char *)delivery -
							    offsetof(struct delivery_box,
								     delivery));

	return &box->message;
}

/* --- to JSON --- */

static json_t *
tagged(const char *tag, json_t *value)
{
	json_t *object = json_object();

	json_object_set_new(object, tag, value);
	return object;
}

static json_t *
base64_json(struct span bytes)
{
	char *text = base64_encode(bytes);
	json_t *value = json_string(text);

	free(text);
	return value;
}

static json_t *
broker_whole_text_json(struct span text)
{
	if (!utf8_valid(text))
		return tagged("$text", base64_json(text));
	return json_stringn(text.ptr, text.len);
}

static json_t *table_json(const amqp_table_t *table, int depth);
static json_t *array_json(const amqp_array_t *array, int depth);

static json_t *
broker_whole_value_json(const amqp_field_value_t *value, int depth)
{
	switch ((amqp_field_value_kind_t)value->kind) {
	case AMQP_FIELD_KIND_BOOLEAN:
		return json_boolean(value->value.boolean);
	case AMQP_FIELD_KIND_I8:
		return json_integer(value->value.i8);
	case AMQP_FIELD_KIND_U8:
		return json_integer(value->value.u8);
	case AMQP_FIELD_KIND_I16:
		return json_integer(value->value.i16);
	case AMQP_FIELD_KIND_U16:
		return json_integer(value->value.u16);
	case AMQP_FIELD_KIND_I32:
		return json_integer(value->value.i32);
	case AMQP_FIELD_KIND_U32:
		return json_integer(value->value.u32);
	case AMQP_FIELD_KIND_I64:
	case AMQP_FIELD_KIND_U64:
		return json_integer(value->value.i64);
	case AMQP_FIELD_KIND_F32:
		return json_real((double)value->value.f32);
	case AMQP_FIELD_KIND_F64:
		return json_real(value->value.f64);
	case AMQP_FIELD_KIND_DECIMAL:
		return tagged("$decimal", json_pack("[i, I]", (int)value->value.decimal.decimals,
						    (json_int_t)value->value.decimal.value));
	case AMQP_FIELD_KIND_UTF8:
		return broker_whole_text_json(span_of_bytes(value->value.bytes));
	case AMQP_FIELD_KIND_BYTES:
		return tagged("$bytes", base64_json(span_of_bytes(value->value.bytes)));
	case AMQP_FIELD_KIND_TIMESTAMP:
		return tagged("$time", json_integer((json_int_t)value->value.u64));
	case AMQP_FIELD_KIND_TABLE:
		return depth > 0 ? table_json(&value->value.table, depth - 1) : json_null();
	case AMQP_FIELD_KIND_ARRAY:
		return depth > 0 ? array_json(&value->value.array, depth - 1) : json_null();
	case AMQP_FIELD_KIND_VOID:
		break;
	}
	return json_null();
}

static json_t *
array_json(const amqp_array_t *array, int depth)
{
	json_t *list = json_array();

	for (int i = 0; i < array->num_entries; i++)
		json_array_append_new(list, broker_whole_value_json(&array->entries[i], depth));
	return list;
}

/* A name that a JSON object cannot have once more, or that would be taken for one of our tags. */
static bool
is_plain_name(const json_t *object, struct span name)
{
	return utf8_valid(name) && memchr(name.ptr, '\0', name.len) == NULL &&
	       (name.len == 0 || name.ptr[0] != '$') &&
	       json_object_getn(object, name.ptr, name.len) == NULL;
}

/* The broker adds these to a delivery; they are not the message's. */
static bool
is_of_delivery(struct span name)
{
	return span_equals(name, SPAN_LITERAL("x-delivery-count")) ||
	       span_equals(name, SPAN_LITERAL("x-acquired-count"));
}

static json_t *
odd_table_json(const amqp_table_t *table, int depth)
{
	json_t *list = json_array();

	for (int i = 0; i < table->num_entries; i++) {
		json_t *pair = json_array();

		json_array_append_new(pair, base64_json(span_of_bytes(table->entries[i].key)));
		json_array_append_new(pair,
				      broker_whole_value_json(&table->entries[i].value, depth));
		json_array_append_new(list, pair);
	}
	return tagged("$table", list);
}

static json_t *
table_json(const amqp_table_t *table, int depth)
{
	json_t *object = json_object();

	for (int i = 0; i < table->num_entries; i++) {
		struct span name = span_of_bytes(table->entries[i].key);

		if (is_of_delivery(name))
			continue;
		if (!is_plain_name(object, name)) {
			json_decref(object);
			return odd_table_json(table, depth);
		}
		json_object_setn_new(object, name.ptr, name.len,
				     broker_whole_value_json(&table->entries[i].value, depth));
	}
	return object;
}

json_t *
delivery_properties(const struct delivery *delivery)
{
	const amqp_basic_properties_t *p = &message_of(delivery)->properties;
	json_t *all = json_object();

	for (size_t i = 0; i < broker_text_property_count; i++) {
		const struct broker_text_property *property = &broker_text_properties[i];
		const void *field = (const char *)p + property->offset;

		if ((p->_flags & property->flag) != 0)
			json_object_set_new(all, property->name,
					    broker_whole_text_json(
						    span_of_bytes(*(const amqp_bytes_t *)field)));
	}
	if ((p->_flags & AMQP_BASIC_PRIORITY_FLAG) != 0)
		json_object_set_new(all, "priority", json_integer(p->priority));
	if ((p->_flags & AMQP_BASIC_DELIVERY_MODE_FLAG) != 0)
		json_object_set_new(all, "delivery_mode", json_integer(p->delivery_mode));
	if ((p->_flags & AMQP_BASIC_TIMESTAMP_FLAG) != 0)
		json_object_set_new(all, "timestamp", json_integer((json_int_t)p->timestamp));
	if ((p->_flags & AMQP_BASIC_HEADERS_FLAG) != 0)
		json_object_set_new(all, "headers",
				    table_json(&p->headers, BROKER_TABLE_DEPTH_MAX));
	return all;
}

/* --- single headers --- */

static const amqp_field_value_t *
find_entry(const amqp_table_t *table, const char *name)
{
	for (int i = 0; i < table->num_entries; i++)
		if (span_equals(span_of_bytes(table->entries[i].key), span_of(name)))
			return &table->entries[i].value;
	return NULL;
}

static const amqp_field_value_t *
find_header(const struct delivery *delivery, const char *name)
{
	const amqp_basic_properties_t *p = &message_of(delivery)->properties;

	return (p->_flags & AMQP_BASIC_HEADERS_FLAG) != 0 ? find_entry(&p->headers, name) : NULL;
}

bool
delivery_header_text(const struct delivery *delivery, const char *name, struct span *text)
{
	const amqp_field_value_t *value = find_header(delivery, name);

	if (value == NULL ||
	    (value->kind != AMQP_FIELD_KIND_UTF8 && value->kind != AMQP_FIELD_KIND_BYTES))
		return false;
	*text = span_of_bytes(value->value.bytes);
	return true;
}

bool
delivery_header_number(const struct delivery *delivery, const char *name, int64_t *number)
{
	const amqp_field_value_t *value = find_header(delivery, name);
	json_t *json = value != NULL ? broker_whole_value_json(value, 0) : NULL;
	bool is_number = json_is_integer(json);

	if (is_number)
		*number = json_integer_value(json);
	json_decref(json);
	return is_number;
}

int64_t
delivery_death_time(const struct delivery *delivery)
{
	const amqp_field_value_t *deaths = find_header(delivery, "x-death"), *time;

	/* the newest death comes first */
	if (deaths == NULL || deaths->kind != AMQP_FIELD_KIND_ARRAY ||
	    deaths->value.array.num_entries == 0 ||
	    deaths->value.array.entries[0].kind != AMQP_FIELD_KIND_TABLE)
		return 0;
	time = find_entry(&deaths->value.array.entries[0].value.table, "time");
	return time != NULL && time->kind == AMQP_FIELD_KIND_TIMESTAMP &&
			       time->value.u64 <= INT64_MAX
		       ? (int64_t)time->value.u64
		       : 0;
}
