/* SPDX-License-Identifier: MIT */
/*
 * broker_publish_json.c - JSON as AMQP properties and tables, and a message published with them:
 * the way back of delivery_json.c.
 */
#include "common/broker/broker_publish_json.h"
#include "common/broker/amqp_library.h"
#include "common/base/base64.h"
#include "common/base/log.h"
#include "common/broker/broker_message.h"
#include "common/broker/broker_publish.h"
#include "common/broker/delivery_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	PROPERTIES_BYTES_MAX = 120000, /* they must fit into one frame of 131,072 */
	SHORT_TEXT_MAX = 255,	       /* a text of a property, a name in a table */
};

/* Everything that the tables point to, given back at once. */
struct builder {
	amqp_pool_t pool;
	size_t bytes; /* a little more than what goes over the wire */
	bool failed;
};

static void *
builder_alloc(struct builder *builder, size_t size)
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
	amqp_bytes_t out = {.len = len, .bytes = builder_alloc(builder, len)};

	memcpy(out.bytes, bytes, len);
	return out;
}

/* The library would cut the length of a longer one, and the broker then close the connection. */
static amqp_bytes_t
check_short(struct builder *builder, amqp_bytes_t text)
{
	builder->failed = builder->failed || text.len > SHORT_TEXT_MAX;
	return text;
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

/* What JSON has no number for. */
static double
build_real(struct builder *builder, const char *text)
{
	if (text != NULL && strcmp(text, "nan") == 0)
		return NAN;
	if (text != NULL && strcmp(text, "inf") == 0)
		return INFINITY;
	if (text == NULL || strcmp(text, "-inf") != 0)
		builder->failed = true;
	return -INFINITY;
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
	} else if ((special = json_object_get(object, "$real")) != NULL) {
		value.kind = AMQP_FIELD_KIND_F64;
		value.value.f64 = build_real(builder, json_string_value(special));
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

	array.entries = builder_alloc(builder, count * sizeof(*array.entries));
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

	table.entries = builder_alloc(builder, count * sizeof(*table.entries));
	for (size_t i = 0; i < count; i++) {
		const json_t *pair = json_array_get(pairs, i);

		table.entries[i].key =
			check_short(builder, build_base64(builder, json_array_get(pair, 0)));
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
	table.entries = builder_alloc(builder, (size_t)table.num_entries * sizeof(*table.entries));
	/* jansson takes a pointer to non-const; it only reads here */
	for (void *iter = json_object_iter((json_t *)(uintptr_t)object); iter != NULL;
	     iter = json_object_iter_next((json_t *)(uintptr_t)object, iter)) {
		name = json_object_iter_key(iter);
		value = json_object_iter_value(iter);
		table.entries[i].key =
			check_short(builder, build_bytes(builder, name, strlen(name)));
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
	for (size_t i = 0; i < broker_message_text_count; i++) {
		const struct broker_message_text *property = &broker_message_texts[i];
		amqp_bytes_t *field = (amqp_bytes_t *)(void *)((char *)p + property->offset);

		value = json_object_get(json, property->name);
		if (value == NULL || !property->is_sent)
			continue;
		*field = check_short(builder, build_text(builder, value));
		p->_flags |= property->flag;
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
		p->headers = build_table(builder, value, DELIVERY_JSON_DEPTH_MAX + 1);
	}
}

enum outcome
broker_publish_json(struct broker *broker, const char *exchange, const char *routing_key,
		    const json_t *properties, struct span body, uint64_t *tag,
		    struct failure *failure)
{
	struct builder builder = {.bytes = 0};
	amqp_basic_properties_t p;
	enum outcome outcome;

	init_amqp_pool(&builder.pool, 4096);
	build_properties(&builder, properties, &p);
	if (builder.failed || builder.bytes > PROPERTIES_BYTES_MAX)
		outcome = failure_set(failure, OUTCOME_REJECT, EX_DATAERR,
				      "properties that cannot be sent: %s",
				      builder.failed ? "not in the form of an export"
						     : "larger than a frame of the broker");
	else
		outcome = broker_publish_properties(broker, exchange, routing_key, &p, body, tag,
						    failure);
	empty_amqp_pool(&builder.pool);
	return outcome;
}
