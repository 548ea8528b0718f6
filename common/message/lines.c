/* SPDX-License-Identifier: MIT */
/*
 * lines.c - walking through the lines of a message body.
 */
#include "common/message/lines.h"

struct line_reader
lines_of(struct span body)
{
	return (struct line_reader){.body = body};
}

bool
lines_next(struct line_reader *reader, struct span *line)
{
	struct span rest = {.len = reader->body.len - reader->next};
	if (rest.len == 0)
		return false;
	rest.ptr = reader->body.ptr + reader->next;

	const char *end = memchr(rest.ptr, '\n', rest.len);
	size_t len = end != NULL ? (size_t)(end - rest.ptr) : rest.len;
	reader->offset = reader->next;
	reader->next += len + (end != NULL);
	if (end != NULL && len > 0 && rest.ptr[len - 1] == '\r')
		len--;
	*line = (struct span){.ptr = rest.ptr, .len = len};
	return true;
}

size_t
lines_count(struct span body)
{
	struct line_reader reader = lines_of(body);
	struct span line;
	size_t count = 0;

	while (lines_next(&reader, &line))
		count++;
	return count;
}
