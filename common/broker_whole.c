/* SPDX-License-Identifier: MIT */
/*
 * broker_whole.c - AMQP properties and tables as JSON, and back. With broker.c the only file that
 * knows <amqp.h>.
 */
#include "broker_whole.h"
#include "base64.h"
#include "broker_private.h"
#include "log.h"
#include "utf8.h"
#include "xalloc.h"

#include <amqp_framing.h>
#include <stdlib.h>
#include <string.h>

enum {
	DEPTH_MAX = 16,		       /* tables in tables: more than anybody means */
	PROPERTIES_BYTES_MAX = 120000, /* they must fit into one frame of 131,072 */
};

/* The properties that are texts, by name, flag and field. */
static const struct text_property {
	const char *name;
	amqp_flags_t flag;
	size_t offset;
	bool is_sent;
} text_properties[] = {
#define PROPERTY(field, FLAG, sent)                                                              \
	{                                                                                        \
#field, AMQP_BASIC_##FLAG##_FLAG, offsetof(amqp_basic_properties_t, field), sent \
	}
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

static const amqp_message_t *
message_of(const struct delivery *delivery)
{
	const struct delivery_box *box =
		(const struct delivery_box *)(const void *)((const char *)delivery -
							    offsetof(struct delivery_box,
								     delivery));

	return &box->message;
}

static struct span
span_of_bytes(amqp_bytes_t bytes)
{
	return (struct span){.ptr = bytes.bytes != NULL ? bytes.bytes : "", .len = bytes.len};
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
text_json(struct span text)
{
	if (!utf8_valid(text))
		return tagged("$text", base64_json(text));
	return json_stringn(text.ptr, text.len);
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
		return json_real((double)value->value.f32);
	case AMQP_FIELD_KIND_F64:
		return json_real(value->value.f64);
	case AMQP_FIELD_KIND_DECIMAL:
		return tagged("$decimal", json_pack("[i, I]", (int)value->value.decimal.decimals,
						    (json_int_t)value->value.decimal.value));
	case AMQP_FIELD_KIND_UTF8:
		return text_json(span_of_bytes(value->value.bytes));
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

		json_array_append_new(pair, base64_json(span_of_bytes(table->entries[i].key)));
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
		struct span name = span_of_bytes(table->entries[i].key);

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
delivery_properties(const struct delivery *delivery)
{
	const amqp_basic_properties_t *p = &message_of(delivery)->properties;
	json_t *all = json_object();

	for (size_t i = 0; i < ARRAY_LEN(text_properties); i++) {
		const struct text_property *property = &text_properties[i];
		const void *field = (const char *)p + property->offset;

		if ((p->_flags & property->flag) != 0)
			json_object_set_new(all, property->name,
					    text_json(span_of_bytes(*(const amqp_bytes_t *)field)));
	}
	if ((p->_flags & AMQP_BASIC_PRIORITY_FLAG) != 0)
		json_object_set_new(all, "priority", json_integer(p->priority));
	if ((p->_flags & AMQP_BASIC_DELIVERY_MODE_FLAG) != 0)
		json_object_set_new(all, "delivery_mode", json_integer(p->delivery_mode));
	if ((p->_flags & AMQP_BASIC_TIMESTAMP_FLAG) != 0)
		json_object_set_new(all, "timestamp", json_integer((json_int_t)p->timestamp));
	if ((p->_flags & AMQP_BASIC_HEADERS_FLAG) != 0)
		json_object_set_new(all, "headers", table_json(&p->headers, DEPTH_MAX));
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
	json_t *json = value != NULL ? value_json(value, 0) : NULL;
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

/* --- from JSON --- */

/* Everything that the tables point to, given back at once. */
struct builder {
	amqp_pool_t pool;
	size_t bytes; /* a little more than what goes over the wire */
	bool failed;
};

static void *
take_memory(struct builder *builder, size_t size)
{
	void *memory = amqp_pool_alloc(&builder->pool, MAX(size, (size_t)1));

	if (memory == NULL)
		fatal("out of memory for the headers of a message");
	memset(memory, 0, size);
	builder->bytes += size;
	return memory;
}

static amqp_bytes_t
build_bytes(struct builder *builder, const char *bytes, size_t len)
{
	amqp_bytes_t out = {.len = len, .bytes = take_memory(builder, len)};

	memcpy(out.bytes, bytes, len);
	return out;
}

static amqp_bytes_t
build_base64(struct builder *builder, const json_t *value)
{
	const char *text = json_string_value(value);
	size_t len = 0;
	char *bytes = text != NULL ? base64_decode(text, &len) : NULL;
	amqp_bytes_t out = amqp_empty_bytes;

	if (bytes != NULL)
		out = build_bytes(builder, bytes, len);
	else
		builder->failed = true;
	free(bytes);
	return out;
}

static amqp_bytes_t
build_text(struct builder *builder, const json_t *value)
{
	if (json_is_object(value))
		return build_base64(builder, json_object_get(value, "$text"));
	if (!json_is_string(value))
		builder->failed = true;
	return json_is_string(value)
		       ? build_bytes(builder, json_string_value(value), json_string_length(value))
		       : amqp_empty_bytes;
}

static amqp_table_t build_table(struct builder *builder, const json_t *object, int depth);
static amqp_field_value_t build_value(struct builder *builder, const json_t *json, int depth);

static amqp_field_value_t
build_object(struct builder *builder, const json_t *object, int depth)
{
	amqp_field_value_t value = {.kind = AMQP_FIELD_KIND_TABLE};
	const json_t *special;

	if ((special = json_object_get(object, "$text")) != NULL) {
		value.kind = AMQP_FIELD_KIND_UTF8;
		value.value.bytes = build_base64(builder, special);
	} else if ((special = json_object_get(object, "$bytes")) != NULL) {
		value.kind = AMQP_FIELD_KIND_BYTES;
		value.value.bytes = build_base64(builder, special);
	} else if ((special = json_object_get(object, "$time")) != NULL) {
		value.kind = AMQP_FIELD_KIND_TIMESTAMP;
		value.value.u64 = (uint64_t)json_integer_value(special);
	} else if ((special = json_object_get(object, "$decimal")) != NULL) {
		value.kind = AMQP_FIELD_KIND_DECIMAL;
		value.value.decimal.decimals =
			(uint8_t)json_integer_value(json_array_get(special, 0));
		value.value.decimal.value =
			(uint32_t)json_integer_value(json_array_get(special, 1));
	} else {
		value.value.table = build_table(builder, object, depth - 1);
	}
	return value;
}

static amqp_array_t
build_array(struct builder *builder, const json_t *list, int depth)
{
	size_t count = json_array_size(list);
	amqp_array_t array = {.num_entries = (int)count};

	array.entries = take_memory(builder, count * sizeof(*array.entries));
	for (size_t i = 0; i < count; i++)
		array.entries[i] = build_value(builder, json_array_get(list, i), depth - 1);
	return array;
}

static amqp_field_value_t
build_value(struct builder *builder, const json_t *json, int depth)
{
	amqp_field_value_t value = {.kind = AMQP_FIELD_KIND_VOID};

	if (depth <= 0) {
		builder->failed = true;
	} else if (json_is_boolean(json)) {
		value.kind = AMQP_FIELD_KIND_BOOLEAN;
		value.value.boolean = json_is_true(json);
	} else if (json_is_integer(json)) {
		value.kind = AMQP_FIELD_KIND_I64;
		value.value.i64 = json_integer_value(json);
	} else if (json_is_real(json)) {
		value.kind = AMQP_FIELD_KIND_F64;
		value.value.f64 = json_real_value(json);
	} else if (json_is_string(json)) {
		value.kind = AMQP_FIELD_KIND_UTF8;
		value.value.bytes = build_text(builder, json);
	} else if (json_is_array(json)) {
		value.kind = AMQP_FIELD_KIND_ARRAY;
		value.value.array = build_array(builder, json, depth);
	} else if (json_is_object(json)) {
		value = build_object(builder, json, depth);
	}
	return value;
}

static amqp_table_t
build_odd_table(struct builder *builder, const json_t *pairs, int depth)
{
	size_t count = json_array_size(pairs);
	amqp_table_t table = {.num_entries = (int)count};

	table.entries = take_memory(builder, count * sizeof(*table.entries));
	for (size_t i = 0; i < count; i++) {
		const json_t *pair = json_array_get(pairs, i);

		table.entries[i].key = build_base64(builder, json_array_get(pair, 0));
		table.entries[i].value = build_value(builder, json_array_get(pair, 1), depth);
	}
	return table;
}

static amqp_table_t
build_table(struct builder *builder, const json_t *object, int depth)
{
	const json_t *pairs = json_object_get(object, "$table");
	amqp_table_t table = {.num_entries = (int)json_object_size(object)};
	const char *name;
	json_t *value;
	int i = 0;

	if (pairs != NULL)
		return build_odd_table(builder, pairs, depth);
	table.entries = take_memory(builder, (size_t)table.num_entries * sizeof(*table.entries));
	/* jansson takes a pointer to non-const; it only reads here */
	for (void *iter = json_object_iter((json_t *)(uintptr_t)object); iter != NULL;
	     iter = json_object_iter_next((json_t *)(uintptr_t)object, iter)) {
		name = json_object_iter_key(iter);
		value = json_object_iter_value(iter);
		table.entries[i].key = build_bytes(builder, name, strlen(name));
		table.entries[i++].value = build_value(builder, value, depth);
	}
	return table;
}

static void
build_properties(struct builder *builder, const json_t *json, amqp_basic_properties_t *p)
{
	const json_t *value;

	*p = (amqp_basic_properties_t){._flags = AMQP_BASIC_DELIVERY_MODE_FLAG,
				       .delivery_mode = AMQP_DELIVERY_PERSISTENT};
	for (size_t i = 0; i < ARRAY_LEN(text_properties); i++) {
		const struct text_property *property = &text_properties[i];
		amqp_bytes_t *field = (amqp_bytes_t *)(void *)((char *)p + property->offset);

		value = json_object_get(json, property->name);
		if (value == NULL || !property->is_sent)
			continue;
		*field = build_text(builder, value);
		p->_flags |= property->flag;
		if (field->len > 255)
			builder->failed = true;
	}
	if (json_is_integer(value = json_object_get(json, "priority"))) {
		p->_flags |= AMQP_BASIC_PRIORITY_FLAG;
		p->priority = (uint8_t)json_integer_value(value);
	}
	if (json_is_integer(value = json_object_get(json, "timestamp"))) {
		p->_flags |= AMQP_BASIC_TIMESTAMP_FLAG;
		p->timestamp = (uint64_t)json_integer_value(value);
	}
	if (json_is_object(value = json_object_get(json, "headers"))) {
		p->_flags |= AMQP_BASIC_HEADERS_FLAG;
		p->headers = build_table(builder, value, DEPTH_MAX + 1);
	}
}

enum outcome
broker_publish_whole(struct broker *broker, const char *exchange, const char *routing_key,
		     const json_t *properties, struct span body, uint64_t *tag,
		     struct failure *failure)
{
	struct builder builder = {.bytes = 0};
	amqp_basic_properties_t p;
	union {
		const char *in;
		char *out;
	} pointer = {.in = body.ptr};
	int status;

	init_amqp_pool(&builder.pool, 4096);
	build_properties(&builder, properties, &p);
	if (builder.failed || builder.bytes > PROPERTIES_BYTES_MAX) {
		empty_amqp_pool(&builder.pool);
		return failure_set(failure, OUTCOME_REJECT, EX_DATAERR,
				   "properties that cannot be sent: %s",
				   builder.failed ? "not in the form of an export"
						  : "larger than a frame of the broker");
	}
	status = amqp_basic_publish(broker->connection, CHANNEL, amqp_cstring_bytes(exchange),
				    amqp_cstring_bytes(routing_key), 1, 0, &p,
				    (amqp_bytes_t){.len = body.len, .bytes = pointer.out});
	empty_amqp_pool(&builder.pool);
	if (status != AMQP_STATUS_OK)
		return broker_fail_with_status(broker, "publish", status, failure);
	*tag = ++broker->published;
	return OUTCOME_DONE;
}
