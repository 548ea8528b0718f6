/* SPDX-License-Identifier: MIT */
/*
 * command_events.h - the handler of "events", as commands.h describes it.
 */
#ifndef SUPERVISOR_DAEMON_COMMAND_EVENTS_H
#define SUPERVISOR_DAEMON_COMMAND_EVENTS_H

#include <jansson.h>

#include "supervisor/daemon/supervisor.h"
#include "supervisor/shared/request.h"

/*
 * {"after": 17} or {}. Returns
 *   events  oldest first: number, at, kind (events.def), subject, actor ("" = by itself), text
 *   last    the number to ask for next time as "after"
 *   missed  how many between "after" and the first are gone
 */
json_t *command_events(struct supervisor *supervisor, json_t *arguments,
		       struct request_error *error);

#endif
