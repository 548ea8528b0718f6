/* SPDX-License-Identifier: MIT */
/*
 * wire.c - stands in for broker_publish.c at link time.
 */
#include "tests/fuzz/wire.h"
#include "common/broker/amqp_library.h"
#include "common/broker/broker_message.h"
#include "common/broker/broker_publish.h"
#include "tests/fuzz/fuzz.h"

static char published[131072]; /* the largest frame */
static size_t published_len;

struct delivery *
wire_receive(struct span properties, struct span body)
{
	amqp_message_t message = {.body = {.len = 0}};
	void *decoded;

	init_amqp_pool(&message.pool, 4096);
	if (amqp_decode_properties(AMQP_BASIC_CLASS, &message.pool,
				   broker_message_bytes(properties, SIZE_MAX), &decoded) < 0) {
		empty_amqp_pool(&message.pool);
		return NULL;
	}
	message.properties = *(const amqp_basic_properties_t *)decoded;
	message.body = amqp_bytes_malloc(body.len);
	FUZZ_CHECK(message.body.bytes != NULL || body.len == 0);
	memcpy(message.body.bytes, body.ptr, body.len);
	return delivery_new(&message);
}

struct span
wire_published(void)
{
	return (struct span){.ptr = published, .len = published_len};
}

enum outcome
broker_publish_properties(struct broker *broker UNUSED, const char *exchange UNUSED,
			  const char *routing_key UNUSED,
			  const struct amqp_basic_properties_t_ *properties,
			  struct span body UNUSED, uint64_t *tag, struct failure *failure UNUSED)
{
	amqp_basic_properties_t copy = *properties;
	int len = amqp_encode_properties(
		AMQP_BASIC_CLASS, &copy,
		(amqp_bytes_t){.len = sizeof(published), .bytes = published});

	FUZZ_CHECK(len >= 0); /* what is too large was refused before */
	published_len = (size_t)len;
	*tag = 1;
	return OUTCOME_DONE;
}
