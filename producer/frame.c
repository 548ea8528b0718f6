/* SPDX-License-Identifier: MIT */
/*
 * frame.c - cutting frames of complete lines from a buffer.
 */
#include "producer/frame.h"

#include <string.h>

enum frame_cut
frame_cut(const char *data, size_t size, const struct frame_limits *limits, size_t *length,
	  uint32_t *lines)
{
	size_t used = 0;
	uint32_t count = 0;

	while (count < limits->lines && used < size) {
		const char *end = memchr(data + used, '\n', size - used);
		size_t line;

		if (end == NULL)
			break;
		line = (size_t)(end - (data + used)) + 1;
		if (line - 1 > limits->max_line_bytes) {
			if (count > 0)
				break;
			*length = line;
			*lines = 1;
			return FRAME_CUT_TOO_LONG;
		}
		if (count > 0 && used + line > limits->bytes)
			break;
		used += line;
		count++;
	}
	*length = used;
	*lines = count;
	return count > 0 ? FRAME_CUT_LINES : FRAME_CUT_NONE;
}
