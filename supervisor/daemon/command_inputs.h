/* SPDX-License-Identifier: MIT */
/*
 * command_inputs.h - what the producer of this host says of its files, as JSON.
 */
#ifndef SUPERVISOR_DAEMON_COMMAND_INPUTS_H
#define SUPERVISOR_DAEMON_COMMAND_INPUTS_H

#include "supervisor/daemon/supervisor.h"
#include "supervisor/shared/request.h"

json_t *command_inputs(struct supervisor *supervisor, json_t *arguments,
		       struct request_error *error);

/* The producer hears of it within a second; there must be one. */
json_t *command_acknowledge(struct supervisor *supervisor, json_t *arguments,
			    struct request_error *error);

#endif
