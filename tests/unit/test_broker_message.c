/* SPDX-License-Identifier: MIT */
/*
 * test_broker_message.c - struct message to the library's properties and back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "common/base/defs.h"
#include "common/broker/broker_message.h"

static void
assert_span(struct span span, const char *text)
{
	assert_int_equal(span.len, strlen(text));
	assert_memory_equal(span.ptr, text, span.len);
}

/* Every field of the table of headers, and the properties, survive. */
static void
test_round_trip(void **state)
{
	struct broker_message_properties properties;
	struct message message = MESSAGE_INIT, copy;
	amqp_message_t amqp;
	static char texts[BROKER_MESSAGE_HEADERS_MAX][32];

	(void)state;
	message.body = SPAN_LITERAL("a line\n");
	message.message_id = SPAN_LITERAL("f:17");
	message.content_encoding = SPAN_LITERAL("lz4");
	message.timestamp_s = 1700000000;
	for (size_t i = 0; i < message_header_count; i++) {
		void *field = (char *)&message + message_headers[i].offset;

		snprintf(texts[i], sizeof(texts[i]), "value of %.20s", message_headers[i].name);
		if (message_headers[i].type == HEADER_TEXT)
			*(struct span *)field = span_of(texts[i]);
		else
			*(int64_t *)field = 1000 + (int64_t)i;
	}
	broker_message_write(&message, &properties);
	assert_int_equal(properties.basic.headers.num_entries, message_header_count);
	assert_int_equal(properties.basic.delivery_mode, AMQP_DELIVERY_PERSISTENT);
	assert_span(broker_message_span(properties.basic.content_type), "text/plain");
	assert_span(broker_message_span(properties.basic.app_id), "sluice");
	amqp = (amqp_message_t){.properties = properties.basic,
				.body = broker_message_bytes(message.body, SIZE_MAX)};
	copy = broker_message_read(&amqp);
	assert_span(copy.body, "a line\n");
	assert_span(copy.message_id, "f:17");
	assert_span(copy.content_encoding, "lz4");
	assert_int_equal(copy.timestamp_s, 1700000000);
	for (size_t i = 0; i < message_header_count; i++) {
		const void *field = (const char *)&copy + message_headers[i].offset;

		if (message_headers[i].type == HEADER_TEXT)
			assert_span(*(const struct span *)field, texts[i]);
		else
			assert_int_equal(*(const int64_t *)field, 1000 + i);
	}
}

/* A message of any client: no property at all. */
static void
test_bare(void **state)
{
	struct broker_message_properties properties;
	const struct message none = MESSAGE_INIT;
	amqp_message_t amqp = {.body = amqp_empty_bytes};
	struct message message = broker_message_read(&amqp);

	(void)state;
	assert_int_equal(message.body.len, 0);
	assert_null(message.message_id.ptr);
	assert_int_equal(message.offset, -1);
	assert_int_equal(message.timestamp_s, 0);
	broker_message_write(&none, &properties);
	assert_int_equal(properties.basic.headers.num_entries, 0);
	assert_int_equal(properties.basic._flags & AMQP_BASIC_MESSAGE_ID_FLAG, 0);
	assert_int_equal(properties.basic._flags & AMQP_BASIC_TIMESTAMP_FLAG, 0);
}

static amqp_message_t
message_with(amqp_table_entry_t *entry, const char *name)
{
	entry->key = amqp_cstring_bytes(name);
	return (amqp_message_t){.properties = {._flags = AMQP_BASIC_HEADERS_FLAG,
					       .headers = {.num_entries = 1, .entries = entry}}};
}

/* A stranger's headers: numbers of every width, wrong types, what is out of range. */
static void
test_foreign_headers(void **state)
{
	const struct {
		amqp_field_value_t value;
		int64_t offset;
	} cases[] = {
		{{.kind = AMQP_FIELD_KIND_U8, .value = {.u8 = 200}}, 200},
		{{.kind = AMQP_FIELD_KIND_I8, .value = {.i8 = 100}}, 100},
		{{.kind = AMQP_FIELD_KIND_I16, .value = {.i16 = 1000}}, 1000},
		{{.kind = AMQP_FIELD_KIND_U16, .value = {.u16 = 60000}}, 60000},
		{{.kind = AMQP_FIELD_KIND_I32, .value = {.i32 = 100000}}, 100000},
		{{.kind = AMQP_FIELD_KIND_U32, .value = {.u32 = 4000000000u}}, 4000000000},
		{{.kind = AMQP_FIELD_KIND_I64, .value = {.i64 = INT64_MAX}}, INT64_MAX},
		{{.kind = AMQP_FIELD_KIND_U64, .value = {.u64 = INT64_MAX}}, INT64_MAX},
		{{.kind = AMQP_FIELD_KIND_U64, .value = {.u64 = UINT64_MAX}}, -1},
		{{.kind = AMQP_FIELD_KIND_I64, .value = {.i64 = INT64_MIN}}, -1},
		{{.kind = AMQP_FIELD_KIND_BOOLEAN, .value = {.boolean = 1}}, -1},
		{{.kind = AMQP_FIELD_KIND_UTF8, .value = {.bytes = {.len = 0}}}, -1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		amqp_table_entry_t entry = {.value = cases[i].value};
		amqp_message_t amqp = message_with(&entry, "x-sluice-offset");

		assert_int_equal(broker_message_read(&amqp).offset, cases[i].offset);
		/* a number where a text is wanted is none */
		if (entry.value.kind != AMQP_FIELD_KIND_UTF8) {
			amqp = message_with(&entry, "x-sluice-source");
			assert_null(broker_message_read(&amqp).source.ptr);
		}
	}
}

static void
test_times(void **state)
{
	amqp_table_entry_t entry = {
		.value = {.kind = AMQP_FIELD_KIND_TIMESTAMP, .value = {.u64 = 1700000000}}};
	amqp_message_t amqp = message_with(&entry, "x-sluice-first-failed");

	(void)state;
	assert_int_equal(broker_message_read(&amqp).first_failed_s, 1700000000);
	entry.value.value.u64 = UINT64_MAX;
	assert_int_equal(broker_message_read(&amqp).first_failed_s, 0);
	entry.value = (amqp_field_value_t){.kind = AMQP_FIELD_KIND_I64, .value = {.i64 = -5}};
	assert_int_equal(broker_message_read(&amqp).first_failed_s, 0);
	amqp.properties = (amqp_basic_properties_t){._flags = AMQP_BASIC_TIMESTAMP_FLAG,
						    .timestamp = UINT64_MAX};
	assert_int_equal(broker_message_read(&amqp).timestamp_s, 0);
}

/* All headers must fit into one frame of the protocol, a short text into 255 bytes. */
static void
test_long_texts(void **state)
{
	static char text[10000];
	struct broker_message_properties properties;
	struct message message = MESSAGE_INIT;
	const amqp_field_value_t *value;

	(void)state;
	memset(text, 'x', sizeof(text));
	message.detail = (struct span){.ptr = text, .len = sizeof(text)};
	message.message_id = message.detail;
	broker_message_write(&message, &properties);
	value = broker_message_header(&properties.basic, "x-sluice-detail");
	assert_non_null(value);
	assert_int_equal(value->value.bytes.len, 4096);
	assert_int_equal(properties.basic.message_id.len, 255);
	assert_null(broker_message_header(&properties.basic, "x-sluice-source"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),	cmocka_unit_test(test_bare),
		cmocka_unit_test(test_foreign_headers), cmocka_unit_test(test_times),
		cmocka_unit_test(test_long_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
