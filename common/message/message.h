/* SPDX-License-Identifier: MIT */
/*
 * message.h - a message as Sluice sees it: a frame of log lines and where they came from.
 *
 * The body is a frame: 1 to N lines, each ended by LF (the last one may lack it); a line that any
 * AMQP client sends is a valid frame of one. A body may be packed (content_encoding.h). Nothing in
 * it is trusted. The headers are message.def.
 */
#ifndef COMMON_MESSAGE_MESSAGE_H
#define COMMON_MESSAGE_MESSAGE_H

#include <stdint.h>

#include "common/base/span.h"

struct message {
	struct span body;
	struct span content_encoding; /* as in content_encoding.h; NULL = plain */
	struct span message_id;	      /* "<file-id>:<offset of the first byte>" */
	int64_t timestamp_s;	      /* when it was published; 0 = unknown */
	struct span source, host, file_id, format;
	int64_t offset, lines; /* -1 = unknown */
	int64_t published_ms;  /* timestamp_s, finer; -1 = unknown */
	/* dead letters only */
	struct span stage, reason, detail, worker;
	int64_t attempts, retries; /* -1 = unknown */
	int64_t first_failed_s, last_failed_s;
	/* of a line that was changed by hand before it was sent again */
	struct span original, edited_by;
	int64_t edited_at_s;
};

/* A message with every field absent; start from it, then fill in. */
#define MESSAGE_INIT       \
	((struct message){ \
		.offset = -1, .lines = -1, .published_ms = -1, .attempts = -1, .retries = -1})

/*
 * The message-id of a line that is sent on as a message of its own, in out: "<file-id>:<offset of
 * the line>"; without a place in a file the message's id, with "+<offset in the body>" for all but
 * the first line. A message of one line keeps its id however often it is sent again.
 */
enum { MESSAGE_ID_SIZE = 256 };
void message_line_id(const struct message *message, size_t offset_in_body,
		     char out[MESSAGE_ID_SIZE]);

/*
 * The body as lines_of() wants it. A worker's dead letter is one line without its end, so one
 * without bytes is an empty line, "\n"; any other message without bytes has no lines.
 */
struct span message_lines(const struct message *message);

enum message_header_type { HEADER_TEXT, HEADER_NUMBER, HEADER_TIME };

struct message_header {
	const char *name;
	enum message_header_type type;
	size_t offset; /* of the field in struct message */
};

extern const struct message_header message_headers[];
extern const size_t message_header_count;

#endif
