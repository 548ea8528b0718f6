/* SPDX-License-Identifier: MIT */
/*
 * wire.h - a broker for fuzz targets: what is published comes in at once, by way of the bytes that
 * AMQP makes of it.
 */
#ifndef TESTS_FUZZ_WIRE_H
#define TESTS_FUZZ_WIRE_H

#include "common/broker/delivery.h"

/*
 * A message with these properties, as they go over the wire (flags and all), and this body; NULL
 * when the library cannot read them. The bytes must live as long as the delivery does.
 */
struct delivery *wire_receive(struct span properties, struct span body);

/* The properties of the message that was published last, encoded; valid until the next one. */
struct span wire_published(void);

#endif
