/* SPDX-License-Identifier: MIT */
/*
 * message.c - the table of headers; the id of a line.
 */
#include "common/message/message.h"
#include "common/base/defs.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

const struct message_header message_headers[] = {
#define HEADER(wire_name, field, kind) \
	{.name = (wire_name), .type = HEADER_##kind, .offset = offsetof(struct message, field)},
#include "common/message/message.def"
#undef HEADER
};
const size_t message_header_count = ARRAY_LEN(message_headers);

struct span
message_lines(const struct message *message)
{
	bool is_empty_line = message->body.len == 0 && message->reason.ptr != NULL;

	return is_empty_line ? SPAN_LITERAL("\n") : message->body;
}

void
message_line_id(const struct message *message, size_t offset_in_body, char out[MESSAGE_ID_SIZE])
{
	struct span id = message->message_id;

	if (message->file_id.ptr != NULL && message->offset >= 0)
		snprintf(out, MESSAGE_ID_SIZE, "%.*s:%" PRId64,
			 (int)MIN(message->file_id.len, (size_t)200), message->file_id.ptr,
			 message->offset + (int64_t)offset_in_body);
	else if (id.len > 0 && offset_in_body == 0)
		snprintf(out, MESSAGE_ID_SIZE, "%.*s", (int)MIN(id.len, (size_t)230), id.ptr);
	else
		snprintf(out, MESSAGE_ID_SIZE, "%.*s+%zu", (int)MIN(id.len, (size_t)200),
			 id.ptr != NULL ? id.ptr : "", offset_in_body);
}
