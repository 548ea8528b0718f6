/* SPDX-License-Identifier: MIT */
/*
 * delivery_json.h - every property and header that a message came in with, as JSON: for tools that
 * move messages of others and must not lose anything. broker_publish_json.h is the way back.
 *
 * Properties are an object: "content_type", "message_id", "timestamp" ... and "headers", an object.
 * Texts, numbers, true/false, null, lists and tables are what they are in JSON; what JSON cannot
 * say is an object of one member:
 *   {"$text": base64}                       a text that is not UTF-8
 *   {"$bytes": base64}                      bytes
 *   {"$time": seconds}                      a time, in seconds since 1970
 *   {"$table": [[name as base64, value]]}   a table with names that are not UTF-8, or twice there
 *   {"$decimal": [places, n]}               n divided by 10 to the power of places
 *   {"$real": "inf", "-inf" or "nan"}       a number that JSON does not have
 */
#ifndef COMMON_BROKER_DELIVERY_JSON_H
#define COMMON_BROKER_DELIVERY_JSON_H

#include <jansson.h>

#include "common/broker/delivery.h"

enum { DELIVERY_JSON_DEPTH_MAX = 16 }; /* tables in tables: more than anybody means */

/* All properties of a message that came in. Never NULL; the caller's. */
json_t *delivery_json_properties(const struct delivery *delivery);

#endif
