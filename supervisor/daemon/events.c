/* SPDX-License-Identifier: MIT */
/*
 * events.c - a ring of the last events.
 */
#include "supervisor/daemon/events.h"
#include "common/base/clock.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

static const char *const kind_names[EVENT_KIND_COUNT] = {
#define EVENT(identifier, name, meaning) [EVENT_##identifier] = (name),
#include "supervisor/daemon/events.def"
#undef EVENT
};

void
events_add(struct events *events, enum event_kind kind, const char *subject, const char *actor,
	   const char *format, ...)
{
	struct event *event = &events->ring[events->count % EVENTS_KEPT];
	va_list args;

	event->number = ++events->count;
	event->wall_ms = clock_wall_ms();
	event->kind = kind;
	snprintf(event->subject, sizeof(event->subject), "%s", subject);
	snprintf(event->actor, sizeof(event->actor), "%s", actor);
	va_start(args, format);
	vsnprintf(event->text, sizeof(event->text), format, args);
	va_end(args);
}

const struct event *
events_get(const struct events *events, uint64_t number)
{
	if (number < events_first(events) || number > events->count)
		return NULL;
	return &events->ring[(number - 1) % EVENTS_KEPT];
}

uint64_t
events_first(const struct events *events)
{
	return events->count > EVENTS_KEPT ? events->count - EVENTS_KEPT + 1 : 1;
}

const char *
event_kind_name(enum event_kind kind)
{
	return (size_t)kind < EVENT_KIND_COUNT ? kind_names[kind] : "unknown";
}
