/* SPDX-License-Identifier: MIT */
/*
 * frame.h - how many of the lines in a buffer make the next message. Pure: bytes in, lengths out.
 */
#ifndef PRODUCER_FRAME_H
#define PRODUCER_FRAME_H

#include <stddef.h>
#include <stdint.h>

struct frame_limits {
	size_t lines;	       /* most lines in a frame */
	size_t bytes;	       /* most bytes, unless a single line is longer */
	size_t max_line_bytes; /* no line with more (its LF not counted) goes into a frame */
};

enum frame_cut {
	FRAME_CUT_NONE,	    /* no complete line in the buffer */
	FRAME_CUT_LINES,    /* length bytes, lines lines, the last one ended by its LF */
	FRAME_CUT_TOO_LONG, /* one complete line of length bytes (LF included), over the limit */
};

/*
 * Cut the next frame from the start of data. Takes what is there and never asks for more: a lone
 * line is a frame of one. length and lines are set for LINES and TOO_LONG.
 */
enum frame_cut frame_cut(const char *data, size_t size, const struct frame_limits *limits,
			 size_t *length, uint32_t *lines);

#endif
