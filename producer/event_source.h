/* SPDX-License-Identifier: MIT */
/*
 * event_source.h - the lines of the settings' list of events: each is a frame, sent once per start.
 */
#ifndef PRODUCER_EVENT_SOURCE_H
#define PRODUCER_EVENT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/settings/settings.h"
#include "producer/window.h"

struct event_source {
	const struct text_list *events;
	struct window_track track;
	size_t next; /* of events */
};

/* events is borrowed. */
void event_source_init(struct event_source *source, const struct text_list *events);

/* The next one as a frame without a body, which stands in the settings. False: no more. */
bool event_source_next(struct event_source *source, struct window_frame *frame) MUST_CHECK;
bool event_source_has_more(const struct event_source *source);

/* Send all of them again. No frame of them may be in the window any more. */
void event_source_rewind(struct event_source *source);

#endif
