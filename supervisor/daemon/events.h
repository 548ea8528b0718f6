/* SPDX-License-Identifier: MIT */
/*
 * events.h - what happened since sluiced began, for `sluicectl events`: who did what to whom, and
 * why.
 *
 * A ring: the newest EVENTS_KEPT are there. Events are numbered from 1, so that a reader who asks
 * for what came after number N misses nothing without knowing it.
 */
#ifndef SUPERVISOR_DAEMON_EVENTS_H
#define SUPERVISOR_DAEMON_EVENTS_H

#include <stdint.h>

#include "common/base/defs.h"

enum { EVENTS_KEPT = 256 };

enum event_kind {
#define EVENT(identifier, name, meaning) EVENT_##identifier,
#include "supervisor/daemon/events.def"
#undef EVENT
	EVENT_KIND_COUNT
};

struct event {
	uint64_t number;
	int64_t wall_ms;
	enum event_kind kind;
	char subject[32]; /* "lake/0", "lake", "all", "sluiced" */
	char actor[64]; /* "root (uid 0)", "signal HUP", "autoscale"; "" = it happened by itself */
	char text[320]; /* what and why, for people; any bytes */
};

struct events {
	struct event ring[EVENTS_KEPT];
	uint64_t count; /* all so far */
};

void events_add(struct events *events, enum event_kind kind, const char *subject, const char *actor,
		const char *format, ...) PRINTF_LIKE(5, 6);

/* The event with that number; NULL when there is none yet, or it has been replaced. */
const struct event *events_get(const struct events *events, uint64_t number);

/* The number of the oldest event that is still there; 1 when there is none. */
uint64_t events_first(const struct events *events);

const char *event_kind_name(enum event_kind kind);

#endif
