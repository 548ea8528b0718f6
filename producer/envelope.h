/* SPDX-License-Identifier: MIT */
/*
 * envelope.h - from a frame to the message that carries it: headers, exchange, routing key.
 */
#ifndef PRODUCER_ENVELOPE_H
#define PRODUCER_ENVELOPE_H

#include "common/message/message.h"
#include "common/settings/settings.h"
#include "producer/window.h"

struct envelope {
	struct message message;
	const char *exchange, *routing_key;
	char id[64], detail[1024]; /* message points into them */
};

/*
 * Fill the envelope for a frame with its body. Borrowed and needed as long as the envelope: body,
 * the frame's file, settings, sender ("producer@host").
 */
void envelope_fill(struct envelope *envelope, const struct window_frame *frame, struct span body,
		   const struct settings *settings, const char *sender);

#endif
