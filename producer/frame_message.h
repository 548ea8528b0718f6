/* SPDX-License-Identifier: MIT */
/*
 * frame_message.h - from a frame to the message that carries it: body, headers, exchange, routing
 * key.
 */
#ifndef PRODUCER_FRAME_MESSAGE_H
#define PRODUCER_FRAME_MESSAGE_H

#include "common/message/content_encoding.h"
#include "common/message/message.h"
#include "common/settings/settings.h"
#include "producer/log_file.h"
#include "producer/window.h"

/* One message at a time; its memory serves the next one too. All 0 before the first. */
struct frame_message {
	struct message message;
	const char *exchange, *routing_key;
	char id[64], detail[1024]; /* message points into them, */
	char *body;		   /* and into what was read again, */
	size_t body_size;
	struct packer packer; /* or into its buffer */
};

/*
 * Read the frame's body again: BYTES (then *body has them, until the next call), or what
 * log_file_reread() says. The body of an event is that of the settings.
 */
enum log_file_read frame_message_load(struct frame_message *out, const struct window_frame *frame,
				      const struct settings *settings,
				      struct span *body) MUST_CHECK;

/*
 * Fill it for a frame with its body, packed if the settings say so. Borrowed, and needed as long as
 * the message: body, the frame's file, settings, sender ("producer@host").
 */
void frame_message_fill(struct frame_message *out, const struct window_frame *frame,
			struct span body, const struct settings *settings, const char *sender);

void frame_message_free(struct frame_message *out);

#endif
