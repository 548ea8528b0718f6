/* SPDX-License-Identifier: MIT */
/*
 * broker_publish_json.h - a message published with properties in the form of delivery_json.h.
 */
#ifndef COMMON_BROKER_BROKER_PUBLISH_JSON_H
#define COMMON_BROKER_BROKER_PUBLISH_JSON_H

#include <jansson.h>

#include "common/broker/broker.h"

/*
 * broker_publish() with such properties. Always persistent. "user_id" and "expiration" are not
 * sent: the first must be our own, the second would let the message die once more. Whole numbers
 * are sent 64 bits wide. REJECT: these properties cannot be sent, as when they are larger than a
 * frame; the connection is still good.
 */
enum outcome broker_publish_json(struct broker *broker, const char *exchange,
				 const char *routing_key, const json_t *properties,
				 struct span body, uint64_t *tag,
				 struct failure *failure) MUST_CHECK;

#endif
