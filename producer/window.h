/* SPDX-License-Identifier: MIT */
/*
 * window.h - the frames that were read but are not yet safe at the broker. Pure: no I/O.
 *
 * A ring, oldest first. Bodies are not kept: the file is the buffer, and a frame that has to go out
 * again is read from it again. The ring is bounded by frames and by bytes: a broker that stops
 * reading takes about 4 MB into socket buffers before a publish blocks for ever.
 *
 * A frame is WAITING (to be published, for the first time or again), PUBLISHED, RETURNED
 * (published, but no queue wanted it; the ack that follows means nothing) or CONFIRMED. A file's
 * checkpoint moves to the end of the longest confirmed prefix of *its* frames; another file's
 * lagging frame does not hold it back.
 */
#ifndef PRODUCER_WINDOW_H
#define PRODUCER_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/span.h"
#include "common/settings/stage.h"
#include "producer/file_identity.h"

struct log_file;

/* Of each source of frames: how far its confirmed prefix reaches. */
struct window_track {
	char id[FILE_ID_SIZE]; /* the part of a message-id before the colon */
	int64_t confirmed;     /* everything before this offset is safe at the broker */
	uint64_t marker;       /* of that offset */
	size_t frames;	       /* in the window now */
	uint64_t held_in_pass; /* internal: the pass that met an unconfirmed frame of this track */
};

enum frame_kind {
	FRAME_LINES,
	FRAME_TOO_LONG, /* the start of a line over the limit, for the dead letters of its stage */
	FRAME_EVENT,	/* a line of the settings; offset is its index */
};

enum frame_state { FRAME_WAITING, FRAME_PUBLISHED, FRAME_RETURNED, FRAME_CONFIRMED };

struct window_frame {
	struct window_track *track;
	struct log_file *file; /* NULL for events */
	enum frame_kind kind;
	enum frame_state state;
	enum stage_id stage; /* of TOO_LONG: one frame per stage, the last covers the line */
	uint64_t tag;	     /* while PUBLISHED or RETURNED */
	int64_t offset;	     /* of the first byte */
	int64_t length;	     /* of the lines in the file */
	size_t body_len;     /* bytes of the message: length, or less for a line over the limit */
	int64_t end; /* the track's checkpoint once this frame and all before it are confirmed */
	uint64_t marker; /* of offset + length */
	uint32_t lines;	 /* that count as confirmed with this frame */
	bool unfinished; /* the last line has no LF: it was the end of a file */
	bool is_passed;	 /* internal: the track has moved past it */
};

struct window {
	struct window_frame *ring;
	size_t capacity, head, count;
	size_t max_bytes, bytes;   /* of the bodies of frames not confirmed */
	size_t waiting, in_flight; /* frames in those states; RETURNED counts as in flight */
	uint64_t passes;
	bool in_order; /* tags rise along the ring: true until a frame goes back to waiting */
};

void window_init(struct window *window, size_t max_frames, size_t max_bytes);
void window_clear(struct window *window);

/* A frame may be added now; one frame always may, however big. */
bool window_has_room(const struct window *window);

/* Add a copy as the newest frame, WAITING. The pointer is good until window_advance(). */
struct window_frame *window_add(struct window *window, const struct window_frame *frame);

/* The oldest frame that waits to be published; NULL when none does. */
struct window_frame *window_next_waiting(struct window *window);

void window_published(struct window *window, struct window_frame *frame, uint64_t tag);

/* What an answer of the broker changed. */
struct window_change {
	size_t confirmed; /* frames */
	size_t requeued;  /* frames that wait to be published again */
	uint64_t lines;	  /* of the confirmed frames */
	uint64_t bytes;	  /* of the confirmed frames' bodies */
};

/* The broker's answer to one tag, or (multiple) to all tags up to it. */
struct window_change window_acked(struct window *window, uint64_t tag, bool multiple);
struct window_change window_nacked(struct window *window, uint64_t tag, bool multiple);

/* A message came back. False when no published frame has that id. */
bool window_returned(struct window *window, struct span message_id);

/* The connection is gone: all that is not confirmed waits again, tags mean nothing any more. */
void window_lost(struct window *window);

/* A frame that can never be published, its bytes being gone: treat it as confirmed. */
void window_drop(struct window *window, struct window_frame *frame);

/*
 * Move the tracks over their confirmed prefixes and free the ring's; true when a track has moved.
 */
bool window_advance(struct window *window);

#endif
