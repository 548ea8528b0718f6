/* SPDX-License-Identifier: MIT */
/*
 * frame_message.c - body, headers, exchange and routing key of a frame.
 */
#include "producer/frame_message.h"
#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/broker/topology.h"
#include "common/message/reason.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum log_file_read
frame_message_load(struct frame_message *out, const struct window_frame *frame,
		   const struct settings *settings, struct span *body)
{
	enum log_file_read result;

	if (frame->kind == FRAME_EVENT) {
		*body = span_of(settings->events.items[frame->offset]);
		return LOG_FILE_BYTES;
	}
	if (out->body_size < frame->body_len) {
		out->body_size = frame->body_len;
		out->body = xreallocarray(out->body, frame->body_len, 1);
	}
	result = log_file_reread(frame->file, frame, out->body);
	*body = result == LOG_FILE_BYTES ? (struct span){out->body, frame->body_len} : SPAN_NULL;
	return result;
}

static void
address_dead_letter(struct frame_message *out, const struct window_frame *frame,
		    const struct settings *settings, const char *sender)
{
	const struct stage *stage = &stage_table[frame->stage];
	struct message *message = &out->message;

	snprintf(out->detail, sizeof(out->detail),
		 "the line has %lld bytes, producer.max_line_bytes is %lld; these are its first "
		 "%zu; the whole line is at byte %lld of %.700s",
		 (long long)frame->length - !frame->unfinished,
		 (long long)settings->producer.max_line_bytes, frame->body_len,
		 (long long)frame->offset, frame->file->path);
	message->stage = span_of(stage->name);
	message->reason = span_of(reason_name(REASON_LINE_TOO_LONG));
	message->detail = span_of(out->detail);
	message->worker = span_of(sender);
	message->attempts = 0;
	message->first_failed_s = message->last_failed_s = message->timestamp_s;
	out->exchange = TOPOLOGY_DEAD_EXCHANGE;
	out->routing_key = stage->queue;
}

/* Lines of a log pack well; a dead letter of ours and an event are for people's eyes, too. */
static void
pack(struct frame_message *out, const struct settings *settings)
{
	if (settings->producer.compression == COMPRESSION_LZ4 &&
	    packer_pack(&out->packer, out->message.body, &out->message.body))
		out->message.content_encoding = SPAN_LITERAL(CONTENT_ENCODING_LZ4);
}

/* "producer@host" */
static struct span
host_of(const char *sender)
{
	const char *at = strchr(sender, '@');

	return at != NULL && at[1] != '\0' ? span_of(at + 1) : SPAN_NULL;
}

void
frame_message_fill(struct frame_message *out, const struct window_frame *frame, struct span body,
		   const struct settings *settings, const char *sender)
{
	struct message *message = &out->message;

	snprintf(out->id, sizeof(out->id), "%s:%lld", frame->track->id, (long long)frame->offset);
	*message = MESSAGE_INIT;
	message->body = body;
	message->message_id = span_of(out->id);
	message->published_ms = clock_wall_ms();
	message->timestamp_s = message->published_ms / 1000;
	message->host = host_of(sender);
	out->exchange = TOPOLOGY_EXCHANGE;
	out->routing_key = "logs";
	message->lines = frame->kind == FRAME_TOO_LONG ? 1 : (int64_t)frame->lines;
	if (frame->kind == FRAME_EVENT) {
		message->source = SPAN_LITERAL("settings");
		return;
	}
	message->source = span_of(frame->file->path);
	message->file_id = span_of(frame->track->id);
	message->format = span_of(frame->file->input->format);
	message->offset = frame->offset;
	out->routing_key = frame->file->input->routing_key;
	if (frame->kind == FRAME_LINES)
		pack(out, settings);
	else
		address_dead_letter(out, frame, settings, sender);
}

void
frame_message_free(struct frame_message *out)
{
	free(out->body);
	packer_free(&out->packer);
	*out = (struct frame_message){0};
}
