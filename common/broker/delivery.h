/* SPDX-License-Identifier: MIT */
/*
 * delivery.h - a message that came in, and its headers.
 */
#ifndef COMMON_BROKER_DELIVERY_H
#define COMMON_BROKER_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/defs.h"
#include "common/message/content_encoding.h"
#include "common/message/message.h"

struct amqp_message_t_;

/* message's spans point into amqp and live as long as the delivery does. */
struct delivery {
	uint64_t tag;
	bool redelivered;
	int64_t delivery_count; /* x-delivery-count: earlier deliveries; 0 when absent */
	struct message message;
	struct amqp_message_t_ *amqp; /* as the library read it */
};

/* Make a delivery of a message that the library has read; takes over what *amqp owns. */
struct delivery *delivery_new(const struct amqp_message_t_ *amqp);

/* Free and set to NULL; NULL is fine. It does not acknowledge anything. */
void delivery_free(struct delivery **delivery);

/*
 * Unpack the body, if it is packed; then the delivery is as if it had been sent plain, and spans
 * into the packed body are invalid. NULL, or what is wrong with it (for people, a static text):
 * then the delivery is as it was.
 */
const char *delivery_unpack(struct delivery *delivery, struct unpacker *unpacker) MUST_CHECK;

/* One header: a text, or a number of any width. False when it is absent or of another type. */
bool delivery_header_text(const struct delivery *delivery, const char *name, struct span *text);
bool delivery_header_number(const struct delivery *delivery, const char *name, int64_t *number);

/* When the broker itself dead-lettered it last, in seconds since 1970; 0 = it did not. */
int64_t delivery_death_time(const struct delivery *delivery);

#endif
