/* SPDX-License-Identifier: MIT */
/*
 * command_events.c - the events as JSON, oldest first.
 */
#include "supervisor/daemon/command_events.h"

#include <unistd.h>

#include <sysexits.h>

/* Who collects the events of many hosts wants to know whose they are. */
static const char *
host_name(void)
{
	static char name[65];

	if (gethostname(name, sizeof(name) - 1) != 0)
		name[0] = '\0';
	return name;
}

static json_t *
event_json(const struct event *event)
{
	return json_pack("{s:I, s:o, s:o, s:s, s:o, s:o, s:o}", "number", (json_int_t)event->number,
			 "at", request_time(event->wall_ms), "host", request_text(host_name()),
			 "kind", event_kind_name(event->kind), "subject",
			 request_text(event->subject), "actor", request_text(event->actor), "text",
			 request_text(event->text));
}

json_t *
command_events(struct supervisor *supervisor, json_t *arguments, struct request_error *error)
{
	const struct events *events = &supervisor->pool.events;
	const json_t *after_json = json_object_get(arguments, "after");
	json_int_t after = json_integer_value(after_json);
	json_t *list = json_array();
	uint64_t first = events_first(events), from, missed;

	if (after_json != NULL && (!json_is_integer(after_json) || after < 0)) {
		json_decref(list);
		return request_fail(error, EX_USAGE, "\"after\" is the number of an event");
	}
	/* A number beyond the last one is from an earlier sluiced: begin anew. */
	from = (uint64_t)after > events->count ? 1 : (uint64_t)after + 1;
	missed = from < first ? first - from : 0;
	for (uint64_t number = from + missed; number <= events->count; number++)
		json_array_append_new(list, event_json(events_get(events, number)));
	return json_pack("{s:o, s:o, s:I, s:I}", "events", list, "host", request_text(host_name()),
			 "last", (json_int_t)events->count, "missed", (json_int_t)missed);
}
