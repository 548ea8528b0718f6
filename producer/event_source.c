/* SPDX-License-Identifier: MIT */
/*
 * event_source.c - from the settings' events to frames.
 */
#include "producer/event_source.h"
#include "common/message/lines.h"

#include <stdio.h>

void
event_source_init(struct event_source *source, const struct text_list *events)
{
	*source = (struct event_source){.events = events};
	snprintf(source->track.id, sizeof(source->track.id), "settings");
}

bool
event_source_next(struct event_source *source, struct window_frame *frame)
{
	struct span text;

	if (!event_source_has_more(source))
		return false;
	text = span_of(source->events->items[source->next]);
	*frame = (struct window_frame){
		.track = &source->track,
		.kind = FRAME_EVENT,
		.offset = (int64_t)source->next,
		.length = (int64_t)text.len,
		.body_len = text.len,
		.lines = (uint32_t)lines_count(text),
	};
	source->next++;
	return true;
}

bool
event_source_has_more(const struct event_source *source)
{
	return source->next < source->events->count;
}

void
event_source_rewind(struct event_source *source)
{
	source->track.frames = 0;
	source->track.confirmed = 0;
	source->next = 0;
}
