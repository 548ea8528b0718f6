/* SPDX-License-Identifier: MIT */
/*
 * lines.h - the lines of a message body.
 *
 * A line ends at LF, CR LF or the end of the body. A CR at the end of the body belongs to the line:
 * a dead letter's body is a line without its end, byte for byte.
 * An empty body has no lines, "a\n" has one, "a\n\nb" has three: an empty line is a line.
 *
 *	struct line_reader reader = lines_of(body);
 *	struct span line;
 *	while (lines_next(&reader, &line))
 *		...
 */
#ifndef COMMON_MESSAGE_LINES_H
#define COMMON_MESSAGE_LINES_H

#include "common/base/span.h"

struct line_reader {
	struct span body;
	size_t next;   /* where the next line starts in the body */
	size_t offset; /* where the line last given starts in the body, in bytes */
};

/* A reader at the start of the body. The body stays the caller's; lines are spans into it. */
struct line_reader lines_of(struct span body);

/* The next line, without its end; false after the last one. */
bool lines_next(struct line_reader *reader, struct span *line);

/* How many lines the body has. */
size_t lines_count(struct span body);

#endif
