/* SPDX-License-Identifier: MIT */
/*
 * window.c - the ring of frames that are not yet safe at the broker.
 */
#include "producer/window.h"
#include "common/base/xalloc.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static struct window_frame *
frame_at(const struct window *window, size_t index)
{
	return &window->ring[(window->head + index) % window->capacity];
}

void
window_init(struct window *window, size_t max_frames, size_t max_bytes)
{
	*window = (struct window){
		.ring = xcalloc(max_frames, sizeof(struct window_frame)),
		.capacity = max_frames,
		.max_bytes = max_bytes,
		.in_order = true,
	};
}

void
window_clear(struct window *window)
{
	free(window->ring);
	*window = (struct window){0};
}

bool
window_has_room(const struct window *window)
{
	return window->count == 0 ||
	       (window->count < window->capacity && window->bytes < window->max_bytes);
}

struct window_frame *
window_add(struct window *window, const struct window_frame *frame)
{
	struct window_frame *added;

	assert(window->count < window->capacity);
	added = frame_at(window, window->count++);
	*added = *frame;
	added->state = FRAME_WAITING;
	added->is_passed = false;
	added->track->frames++;
	window->waiting++;
	window->bytes += added->body_len;
	return added;
}

struct window_frame *
window_next_waiting(struct window *window)
{
	size_t i = 0;

	if (window->waiting == 0)
		return NULL;
	while (frame_at(window, i)->state != FRAME_WAITING) {
		i++;
		assert(i < window->count);
	}
	return frame_at(window, i);
}

void
window_published(struct window *window, struct window_frame *frame, uint64_t tag)
{
	assert(frame->state == FRAME_WAITING);
	frame->state = FRAME_PUBLISHED;
	frame->tag = tag;
	window->waiting--;
	window->in_flight++;
}

static bool
is_in_flight(const struct window_frame *frame)
{
	return frame->state == FRAME_PUBLISHED || frame->state == FRAME_RETURNED;
}

static void
requeue(struct window *window, struct window_frame *frame)
{
	frame->state = FRAME_WAITING;
	window->in_flight--;
	window->waiting++;
	window->in_order = false;
}

static void
window_answer(struct window *window, struct window_frame *frame, bool acked,
	      struct window_change *change)
{
	if (!acked || frame->state == FRAME_RETURNED) {
		requeue(window, frame);
		change->requeued++;
		return;
	}
	frame->state = FRAME_CONFIRMED;
	window->in_flight--;
	window->bytes -= frame->body_len;
	change->confirmed++;
	change->lines += frame->lines;
	change->bytes += frame->body_len;
}

static struct window_change
answer_tags(struct window *window, uint64_t tag, bool multiple, bool acked)
{
	struct window_change change = {0};

	for (size_t i = 0; i < window->count; i++) {
		struct window_frame *frame = frame_at(window, i);

		if (!is_in_flight(frame))
			continue;
		if (multiple ? frame->tag <= tag : frame->tag == tag) {
			window_answer(window, frame, acked, &change);
			if (!multiple)
				break;
		} else if (window->in_order && frame->tag > tag) {
			break;
		}
	}
	return change;
}

struct window_change
window_acked(struct window *window, uint64_t tag, bool multiple)
{
	return answer_tags(window, tag, multiple, true);
}

struct window_change
window_nacked(struct window *window, uint64_t tag, bool multiple)
{
	return answer_tags(window, tag, multiple, false);
}

bool
window_returned(struct window *window, struct span message_id)
{
	bool found = false;

	for (size_t i = 0; i < window->count; i++) {
		struct window_frame *frame = frame_at(window, i);
		char id[FILE_ID_SIZE + 32];

		if (!is_in_flight(frame))
			continue;
		snprintf(id, sizeof(id), "%s:%lld", frame->track->id, (long long)frame->offset);
		if (!span_equals(span_of(id), message_id))
			continue;
		/* The two dead letters of one line share their id: both go out again, which is
		 * harmless. */
		frame->state = FRAME_RETURNED;
		found = true;
	}
	return found;
}

void
window_lost(struct window *window)
{
	for (size_t i = 0; i < window->count; i++)
		if (is_in_flight(frame_at(window, i)))
			requeue(window, frame_at(window, i));
	/* Everything left goes out again in ring order, with tags from 1. */
	window->in_order = true;
}

void
window_drop(struct window *window, struct window_frame *frame)
{
	assert(frame->state == FRAME_WAITING);
	frame->state = FRAME_CONFIRMED;
	window->waiting--;
	window->bytes -= frame->body_len;
}

bool
window_advance(struct window *window)
{
	uint64_t pass = ++window->passes;
	bool moved = false;

	for (size_t i = 0; i < window->count; i++) {
		struct window_frame *frame = frame_at(window, i);
		struct window_track *track = frame->track;

		if (frame->is_passed || track->held_in_pass == pass)
			continue;
		if (frame->state != FRAME_CONFIRMED) {
			track->held_in_pass = pass;
			continue;
		}
		frame->is_passed = true;
		track->frames--;
		if (frame->end > track->confirmed) {
			track->confirmed = frame->end;
			track->marker = frame->marker;
		}
		moved = true;
	}
	while (window->count > 0 && frame_at(window, 0)->is_passed) {
		window->head = (window->head + 1) % window->capacity;
		window->count--;
	}
	if (window->count == 0)
		window->in_order = true;
	return moved;
}
