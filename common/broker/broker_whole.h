/* SPDX-License-Identifier: MIT */
/*
 * broker_whole.h - messages with every property and header that they have, as JSON: for tools that
 * move messages of others and must not lose anything. Workers and producer use broker.h alone.
 *
 * Properties are an object: "content_type", "message_id", "timestamp" … and "headers", an object.
 * Texts, numbers, true/false, null, lists and tables are what they are in JSON; what JSON cannot
 * say is an object of one member: {"$text": base64} (not UTF-8), {"$bytes": base64}, {"$time":
 * seconds},
 * {"$table": [[name as base64, value], …]} (names that are not UTF-8, or twice there), {"$decimal":
 * [places, n]}. Whole numbers are sent again as 64 bits wide.
 */
#ifndef COMMON_BROKER_BROKER_WHOLE_H
#define COMMON_BROKER_BROKER_WHOLE_H

#include <jansson.h>

#include "common/broker/broker.h"

/* --- broker_whole.c --- */

/* All properties of a message that came in. Never NULL; the caller's. */
json_t *delivery_properties(const struct delivery *delivery);

/* One header: a text, or a number of any width. False when it is absent or of another type. */
bool delivery_header_text(const struct delivery *delivery, const char *name, struct span *text);
bool delivery_header_number(const struct delivery *delivery, const char *name, int64_t *number);

/* When the broker itself dead-lettered it last, in seconds since 1970; 0 = it did not. */
int64_t delivery_death_time(const struct delivery *delivery);

/* --- broker_whole_send.c --- */

/*
 * broker_publish() with such properties. Always persistent. "user_id" and "expiration" are not
 * sent: the first must be our own, the second would let the message die once more. REJECT: these
 * properties cannot be sent, as when they are larger than a frame; the connection is still good.
 */
enum outcome broker_publish_whole(struct broker *broker, const char *exchange,
				  const char *routing_key, const json_t *properties,
				  struct span body, uint64_t *tag,
				  struct failure *failure) MUST_CHECK;

#endif
