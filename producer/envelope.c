/* SPDX-License-Identifier: MIT */
/*
 * envelope.c - headers, exchange and routing key of a frame.
 */
#include "producer/envelope.h"
#include "common/message/reason.h"
#include "common/broker/topology.h"
#include "producer/log_file.h"

#include <stdio.h>
#include <time.h>

static void
address_dead_letter(struct envelope *envelope, const struct window_frame *frame,
		    const struct settings *settings, const char *sender)
{
	const struct stage *stage = &stage_table[frame->stage];
	struct message *message = &envelope->message;

	snprintf(envelope->detail, sizeof(envelope->detail),
		 "the line has %lld bytes, producer.max_line_bytes is %lld; these are its first "
		 "%zu; the whole line is at byte %lld of %.700s",
		 (long long)frame->length - !frame->unfinished,
		 (long long)settings->producer.max_line_bytes, frame->body_len,
		 (long long)frame->offset, frame->file->path);
	message->stage = span_of(stage->name);
	message->reason = span_of(reason_name(REASON_LINE_TOO_LONG));
	message->detail = span_of(envelope->detail);
	message->worker = span_of(sender);
	message->attempts = 0;
	message->first_failed_s = message->last_failed_s = message->timestamp_s;
	envelope->exchange = TOPOLOGY_DEAD_EXCHANGE;
	envelope->routing_key = stage->queue;
}

void
envelope_fill(struct envelope *envelope, const struct window_frame *frame, struct span body,
	      const struct settings *settings, const char *sender)
{
	struct message *message = &envelope->message;

	snprintf(envelope->id, sizeof(envelope->id), "%s:%lld", frame->track->id,
		 (long long)frame->offset);
	*message = MESSAGE_INIT;
	message->body = body;
	message->message_id = span_of(envelope->id);
	message->timestamp_s = time(NULL);
	envelope->exchange = TOPOLOGY_EXCHANGE;
	envelope->routing_key = "logs";
	message->lines = frame->kind == FRAME_TOO_LONG ? 1 : (int64_t)frame->lines;
	if (frame->kind == FRAME_EVENT) {
		message->source = SPAN_LITERAL("settings");
		return;
	}
	message->source = span_of(frame->file->path);
	message->file_id = span_of(frame->track->id);
	message->format = span_of(frame->file->input->format);
	message->offset = frame->offset;
	envelope->routing_key = frame->file->input->routing_key;
	if (frame->kind != FRAME_LINES)
		address_dead_letter(envelope, frame, settings, sender);
}
