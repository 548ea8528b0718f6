/* SPDX-License-Identifier: MIT */
/*
 * command_operate.h - the commands that change which children run: handlers, as commands.h describes
 * them.
 */
#ifndef SUPERVISOR_DAEMON_COMMAND_OPERATE_H
#define SUPERVISOR_DAEMON_COMMAND_OPERATE_H

#include <jansson.h>

#include "supervisor/daemon/supervisor.h"
#include "supervisor/shared/request.h"

/*
 * {"lake": 4, ..., "current": {"lake": 2}, "dry_run": false}: with current only if so many are wanted
 * now, else EXIT_FAILURE and nothing is changed. Returns {"lake": {"from": 2, "to": 4}}.
 */
json_t *command_scale(struct supervisor *supervisor, json_t *arguments,
		      struct request_error *error);

/* {"target": "lake/0"}, as target_parse() reads it. Returns the same. */
json_t *command_start(struct supervisor *supervisor, json_t *arguments,
		      struct request_error *error);
json_t *command_stop(struct supervisor *supervisor, json_t *arguments, struct request_error *error);
json_t *command_restart(struct supervisor *supervisor, json_t *arguments,
			struct request_error *error);
json_t *command_pause(struct supervisor *supervisor, json_t *arguments,
		      struct request_error *error);
json_t *command_resume(struct supervisor *supervisor, json_t *arguments,
		       struct request_error *error);

#endif
