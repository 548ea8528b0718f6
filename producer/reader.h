/* SPDX-License-Identifier: MIT */
/*
 * reader.h - from files to frames: one buffer, all files in turn.
 *
 * A buffer full of one file is cut into frames, then it is the next file's turn; what would be a
 * short frame at the end of the buffer is left for the file's next turn. Nothing is kept of a file
 * between two turns but its offsets. A line that does not fit into the buffer is looked through for
 * its end in pieces, so a line of any length needs no more memory than the buffer.
 *
 * NULs before a line are a hole that a crash or a truncated file left: a line that would be too
 * long with them is read without them, from its first other byte. Where they do not matter for the
 * length they stay: raw_log has the line as it was in the file.
 */
#ifndef PRODUCER_READER_H
#define PRODUCER_READER_H

#include <stdbool.h>

#include "common/base/span.h"
#include "producer/frame.h"
#include "producer/input_set.h"
#include "producer/window.h"

struct reader {
	struct input_set *inputs;
	struct frame_limits limits;
	char *buffer;
	size_t capacity;
	struct log_file *file; /* whose bytes the buffer holds; NULL = none */
	int64_t from;	       /* where in the file they start */
	size_t used;
	bool at_end;		      /* they reach to the end of the file */
	unsigned too_long_left;	      /* stages that are still to be given too_long */
	struct window_frame too_long; /* the start of a line over the limit */
	bool take_unfinished; /* with --once: the last line of a file, though it has no LF */
	uint64_t nul_bytes;   /* passed over so far, see below */
};

enum { READER_BUFFER_BYTES = 512 * 1024 };

/* capacity: READER_BUFFER_BYTES, or less in tests (at least 2 * FILE_MARKER_BYTES). */
void reader_init(struct reader *reader, struct input_set *inputs, const struct frame_limits *limits,
		 size_t capacity);
void reader_clear(struct reader *reader);

/* Forget what is in the buffer: the files have been set back. */
void reader_reset(struct reader *reader);

/*
 * Cut the next frame. The frame is complete but for state and tag; body has its bytes, valid until
 * the next call, or is SPAN_NULL when they have to be read with log_file_reread(). False when there
 * is nothing to read for now.
 *
 * The last line of a file that has ended counts though it has no LF; with --once it is left for the
 * next run, and that is logged, unless take_unfinished is set.
 */
bool reader_next(struct reader *reader, struct window_frame *frame, struct span *body) MUST_CHECK;

/* True when reader_next() may have something. */
bool reader_has_more(const struct reader *reader);

#endif
