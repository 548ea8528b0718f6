/* SPDX-License-Identifier: MIT */
/*
 * delivery_json.c - the properties of a message that came in, as JSON.
 */
#include "common/broker/delivery_json.h"
#include "common/broker/amqp_library.h"
#include "common/base/base64.h"
#include "common/base/utf8.h"
#include "common/broker/broker_message.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
text_json(struct span text)
{
	if (!utf8_valid(text))
		return tagged("$text", base64_json(text));
	return json_stringn(text.ptr, text.len);
}

static json_t *
real_json(double real)
{
	if (isfinite(real))
		return json_real(real);
	return tagged("$real", json_string(isnan(real) ? "nan" : real > 0 ? "inf" : "-inf"));
}

static json_t *table_json(const amqp_table_t *table, int depth);
static json_t *array_json(const amqp_array_t *array, int depth);

static json_t *
value_json(const amqp_field_value_t *value, int depth)
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
		return real_json((double)value->value.f32);
	case AMQP_FIELD_KIND_F64:
		return real_json(value->value.f64);
	case AMQP_FIELD_KIND_DECIMAL:
		return tagged("$decimal", json_pack("[i, I]", (int)value->value.decimal.decimals,
						    (json_int_t)value->value.decimal.value));
	case AMQP_FIELD_KIND_UTF8:
		return text_json(broker_message_span(value->value.bytes));
	case AMQP_FIELD_KIND_BYTES:
		return tagged("$bytes", base64_json(broker_message_span(value->value.bytes)));
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
		json_array_append_new(list, value_json(&array->entries[i], depth));
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

		json_array_append_new(pair,
				      base64_json(broker_message_span(table->entries[i].key)));
		json_array_append_new(pair, value_json(&table->entries[i].value, depth));
		json_array_append_new(list, pair);
	}
	return tagged("$table", list);
}

static json_t *
table_json(const amqp_table_t *table, int depth)
{
	json_t *object = json_object();

	for (int i = 0; i < table->num_entries; i++) {
		struct span name = broker_message_span(table->entries[i].key);

		if (is_of_delivery(name))
			continue;
		if (!is_plain_name(object, name)) {
			json_decref(object);
			return odd_table_json(table, depth);
		}
		json_object_setn_new(object, name.ptr, name.len,
				     value_json(&table->entries[i].value, depth));
	}
	return object;
}

json_t *
delivery_json_properties(const struct delivery *delivery)
{
	const amqp_basic_properties_t *p = &delivery->amqp->properties;
	json_t *all = json_object();

	for (size_t i = 0; i < broker_message_text_count; i++) {
		const struct broker_message_text *property = &broker_message_texts[i];
		const void *field = (const char *)p + property->offset;

		if ((p->_flags & property->flag) != 0)
			json_object_set_new(
				all, property->name,
				text_json(broker_message_span(*(const amqp_bytes_t *)field)));
	}
	if ((p->_flags & AMQP_BASIC_PRIORITY_FLAG) != 0)
		json_object_set_new(all, "priority", json_integer(p->priority));
	if ((p->_flags & AMQP_BASIC_DELIVERY_MODE_FLAG) != 0)
		json_object_set_new(all, "delivery_mode", json_integer(p->delivery_mode));
	if ((p->_flags & AMQP_BASIC_TIMESTAMP_FLAG) != 0)
		json_object_set_new(all, "timestamp", json_integer((json_int_t)p->timestamp));
	if ((p->_flags & AMQP_BASIC_HEADERS_FLAG) != 0)
		json_object_set_new(all, "headers",
				    table_json(&p->headers, DELIVERY_JSON_DEPTH_MAX));
	return all;
}
