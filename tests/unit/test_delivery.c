/* SPDX-License-Identifier: MIT */
/*
 * test_delivery.c - messages that came in: headers, packed bodies, deliveries that are counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "common/base/defs.h"
#include "common/broker/amqp_library.h"
#include "common/broker/delivery.h"

#define TEXT(bytes_of)                                                        \
	{                                                                     \
		.kind = AMQP_FIELD_KIND_UTF8, .value = {.bytes = (bytes_of) } \
	}

/* A delivery with these headers, which have to live as long as it does. */
static struct delivery *
make_delivery(amqp_table_entry_t *entries, int count, struct span body)
{
	amqp_message_t amqp = {
		.properties = {._flags = AMQP_BASIC_HEADERS_FLAG,
			       .headers = {.num_entries = count, .entries = entries}}};

	init_amqp_pool(&amqp.pool, 4096);
	amqp.body = amqp_bytes_malloc(MAX(body.len, (size_t)1));
	amqp.body.len = body.len;
	if (body.len > 0)
		memcpy(amqp.body.bytes, body.ptr, body.len);
	return delivery_new(&amqp);
}

static void
test_headers(void **state)
{
	amqp_table_entry_t entries[] = {
		{amqp_cstring_bytes("x-delivery-count"),
		 {.kind = AMQP_FIELD_KIND_I64, .value = {.i64 = 3}}},
		{amqp_cstring_bytes("x-sluice-source"), TEXT(amqp_cstring_bytes("/a"))},
		{amqp_cstring_bytes("x-own"), TEXT(amqp_cstring_bytes("b"))},
		{amqp_cstring_bytes("x-number"),
		 {.kind = AMQP_FIELD_KIND_U16, .value = {.u16 = 7}}},
	};
	struct delivery *delivery = make_delivery(entries, ARRAY_LEN(entries), SPAN_LITERAL("l\n"));
	struct span text;
	int64_t number;

	(void)state;
	assert_int_equal(delivery->delivery_count, 3);
	assert_true(span_equals(delivery->message.source, SPAN_LITERAL("/a")));
	assert_true(span_equals(delivery->message.body, SPAN_LITERAL("l\n")));
	assert_true(delivery_header_text(delivery, "x-own", &text));
	assert_true(span_equals(text, SPAN_LITERAL("b")));
	assert_false(delivery_header_text(delivery, "x-number", &text));
	assert_false(delivery_header_text(delivery, "x-none", &text));
	assert_true(delivery_header_number(delivery, "x-number", &number));
	assert_int_equal(number, 7);
	assert_false(delivery_header_number(delivery, "x-own", &number));
	assert_int_equal(delivery_death_time(delivery), 0);
	delivery_free(&delivery);
	assert_null(delivery);
	delivery_free(&delivery);
}

/* Counts that no broker sends. */
static void
test_delivery_count(void **state)
{
	amqp_table_entry_t entry = {amqp_cstring_bytes("x-delivery-count"),
				    {.kind = AMQP_FIELD_KIND_I64, .value = {.i64 = -3}}};
	struct delivery *delivery = make_delivery(&entry, 1, SPAN_LITERAL(""));

	(void)state;
	assert_int_equal(delivery->delivery_count, 0);
	delivery_free(&delivery);
	entry.value =
		(amqp_field_value_t){.kind = AMQP_FIELD_KIND_U64, .value = {.u64 = UINT64_MAX}};
	delivery = make_delivery(&entry, 1, SPAN_LITERAL(""));
	assert_int_equal(delivery->delivery_count, 0);
	delivery_free(&delivery);
}

/* x-death as RabbitMQ writes it: the newest death first. */
static void
test_death_time(void **state)
{
	amqp_table_entry_t death = {
		amqp_cstring_bytes("time"),
		{.kind = AMQP_FIELD_KIND_TIMESTAMP, .value = {.u64 = 1700000000}}};
	amqp_field_value_t deaths[] = {{.kind = AMQP_FIELD_KIND_TABLE,
					.value = {.table = {.num_entries = 1, .entries = &death}}}};
	amqp_table_entry_t header = {amqp_cstring_bytes("x-death"),
				     {.kind = AMQP_FIELD_KIND_ARRAY,
				      .value = {.array = {.num_entries = 1, .entries = deaths}}}};
	struct delivery *delivery = make_delivery(&header, 1, SPAN_LITERAL("x"));

	(void)state;
	assert_int_equal(delivery_death_time(delivery), 1700000000);
	death.value.kind = AMQP_FIELD_KIND_I64;
	assert_int_equal(delivery_death_time(delivery), 0);
	deaths[0].kind = AMQP_FIELD_KIND_VOID;
	assert_int_equal(delivery_death_time(delivery), 0);
	header.value.value.array.num_entries = 0;
	assert_int_equal(delivery_death_time(delivery), 0);
	delivery_free(&delivery);
}

static void
test_unpack(void **state)
{
	struct unpacker *unpacker = unpacker_new();
	struct packer packer = {.bytes = NULL};
	char plain[4000];
	struct span packed;
	struct delivery *delivery;

	(void)state;
	memset(plain, 'a', sizeof(plain));
	assert_true(packer_pack(&packer, (struct span){plain, sizeof(plain)}, &packed));
	delivery = make_delivery(NULL, 0, packed);
	assert_null(delivery_unpack(delivery, unpacker)); /* nothing says that it is packed */
	assert_int_equal(delivery->message.body.len, packed.len);
	delivery->amqp->properties._flags |= AMQP_BASIC_CONTENT_ENCODING_FLAG;
	delivery->message.content_encoding = SPAN_LITERAL("lz4");
	assert_null(delivery_unpack(delivery, unpacker));
	assert_int_equal(delivery->message.body.len, sizeof(plain));
	assert_memory_equal(delivery->message.body.ptr, plain, sizeof(plain));
	assert_null(delivery->message.content_encoding.ptr);
	assert_int_equal(delivery->amqp->properties._flags & AMQP_BASIC_CONTENT_ENCODING_FLAG, 0);
	delivery_free(&delivery);

	/* what cannot be unpacked stays as it is */
	delivery = make_delivery(NULL, 0, SPAN_LITERAL("no frame"));
	delivery->message.content_encoding = SPAN_LITERAL("lz4");
	assert_non_null(delivery_unpack(delivery, unpacker));
	assert_true(span_equals(delivery->message.body, SPAN_LITERAL("no frame")));
	assert_non_null(delivery->message.content_encoding.ptr);
	delivery_free(&delivery);
	packer_free(&packer);
	unpacker_free(&unpacker);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_delivery_count),
		cmocka_unit_test(test_death_time),
		cmocka_unit_test(test_unpack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
