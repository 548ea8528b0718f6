/* SPDX-License-Identifier: MIT */
/*
 * commands.h - what can be asked of sluiced through the control socket: one table row per command.
 *
 * Everyone who can open the socket may read. Operating takes root, sluiced's own user, or
 * membership of the socket file's group: with the file's mode of 0660 these are the same people,
 * and whoever widens the mode or adds an access-control entry lets more people look, not operate.
 * The permission stands in the row and is checked before the handler is called, so that no handler
 * can forget it. Handlers never wait: who wants to see the effect of a command asks for the status
 * again.
 */
#ifndef SUPERVISOR_DAEMON_COMMANDS_H
#define SUPERVISOR_DAEMON_COMMANDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "supervisor/daemon/control.h"
#include "supervisor/shared/request.h"
#include "supervisor/daemon/supervisor.h"

enum permission { PERMISSION_READ, PERMISSION_OPERATE };

/* Returns the data of the answer, or NULL with error filled. */
typedef json_t *(*command_fn)(struct supervisor *supervisor, json_t *arguments,
			      struct request_error *error);

struct command {
	const char *name;
	const char *arguments; /* their form, for people */
	enum permission permission;
	command_fn handler;
	const char *help;
};

extern const struct command command_table[];
extern const size_t command_count;

/* The answer to one line: a control_answer_fn, with the struct supervisor as its context. */
char *commands_answer(void *context, const struct peer *peer, const char *line, size_t len,
		      bool complete);

#endif
