/* SPDX-License-Identifier: MIT */
/*
 * delivery.c - a message that came in, over the library's amqp_message_t.
 */
#include "common/broker/delivery.h"
#include "common/broker/amqp_library.h"
#include "common/broker/broker_message.h"
#include "common/base/xalloc.h"

#include <stdlib.h>

struct delivery *
delivery_new(const struct amqp_message_t_ *amqp)
{
	struct {
		struct delivery delivery;
		amqp_message_t amqp;
	} *both = xcalloc(1, sizeof(*both));
	struct delivery *delivery = &both->delivery;
	const amqp_field_value_t *count;

	both->amqp = *amqp;
	delivery->amqp = &both->amqp;
	delivery->message = broker_message_read(&both->amqp);
	count = broker_message_header(&both->amqp.properties, "x-delivery-count");
	if (count == NULL || !broker_message_number(count, &delivery->delivery_count))
		delivery->delivery_count = 0;
	delivery->delivery_count = MAX(0, delivery->delivery_count);
	return delivery;
}

void
delivery_free(struct delivery **delivery)
{
	if (*delivery == NULL)
		return;
	amqp_destroy_message((*delivery)->amqp);
	free(*delivery);
	*delivery = NULL;
}

const char *
delivery_unpack(struct delivery *delivery, struct unpacker *unpacker)
{
	struct message *message = &delivery->message;
	amqp_message_t *amqp = delivery->amqp;
	const char *problem;
	char *bytes;
	size_t len;

	if (!content_encoding_is_packed(message->content_encoding))
		return NULL;
	problem = unpacker_unpack(unpacker, message->content_encoding, message->body, &bytes, &len);
	if (problem != NULL)
		return problem;
	amqp_bytes_free(amqp->body);
	amqp->body = (amqp_bytes_t){.len = len, .bytes = bytes};
	amqp->properties._flags &= ~(amqp_flags_t)AMQP_BASIC_CONTENT_ENCODING_FLAG;
	message->body = broker_message_span(amqp->body);
	message->content_encoding = SPAN_NULL;
	return NULL;
}

bool
delivery_header_text(const struct delivery *delivery, const char *name, struct span *text)
{
	const amqp_field_value_t *value = broker_message_header(&delivery->amqp->properties, name);

	if (value == NULL ||
	    (value->kind != AMQP_FIELD_KIND_UTF8 && value->kind != AMQP_FIELD_KIND_BYTES))
		return false;
	*text = broker_message_span(value->value.bytes);
	return true;
}

bool
delivery_header_number(const struct delivery *delivery, const char *name, int64_t *number)
{
	const amqp_field_value_t *value = broker_message_header(&delivery->amqp->properties, name);

	return value != NULL && broker_message_number(value, number);
}

int64_t
delivery_death_time(const struct delivery *delivery)
{
	const amqp_field_value_t *deaths =
		broker_message_header(&delivery->amqp->properties, "x-death");
	const amqp_field_value_t *time;

	/* the newest death comes first */
	if (deaths == NULL || deaths->kind != AMQP_FIELD_KIND_ARRAY ||
	    deaths->value.array.num_entries == 0 ||
	    deaths->value.array.entries[0].kind != AMQP_FIELD_KIND_TABLE)
		return 0;
	time = broker_message_entry(&deaths->value.array.entries[0].value.table, "time");
	return time != NULL && time->kind == AMQP_FIELD_KIND_TIMESTAMP &&
			       time->value.u64 <= INT64_MAX
		       ? (int64_t)time->value.u64
		       : 0;
}
