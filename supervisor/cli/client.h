/* SPDX-License-Identifier: MIT */
/*
 * client.h - the settings, and requests to sluiced. One connection serves all requests of a run.
 */
#ifndef SUPERVISOR_CLI_CLIENT_H
#define SUPERVISOR_CLI_CLIENT_H

#include <jansson.h>
#include <stdbool.h>

#include "common/base/defs.h"
#include "common/settings/settings.h"

/* Start from {.settings_path = ..., .socket_path = ..., .fd = -1}. */
struct client {
	const char *settings_path;
	const char *socket_path;   /* of -s; NULL = the one in the settings */
	bool file_refused;	   /* the settings file, and so it may be the wrong socket */
	char *read_socket;	   /* of a file that was not accepted; socket_path may be it */
	struct settings *settings; /* NULL until client_settings() was called */
	int fd;			   /* connection to sluiced; -1 = none */
	bool quiet;		   /* do not say that sluiced cannot be reached: that is expected */
	bool on_screen;		   /* what sluiced refuses goes to refusal alone */
	char refusal[256];	   /* its words, the last time */
};

/*
 * The settings, read when first needed; ends sluicectl with EX_CONFIG when they are not accepted.
 */
const struct settings *client_settings(struct client *client);

/*
 * The settings that sluiced runs with, when it can be asked and the file need not or cannot be
 * read; else client_settings().
 */
const struct settings *client_running_settings(struct client *client);

/*
 * Send a command to sluiced. It takes no more than its socket: when the settings file is not
 * accepted, that is a warning, and the socket it names is asked, or the default one. arguments (may
 * be NULL) are released. Returns the data of the answer, to be released by the caller; or NULL
 * after a message, with the exit code in exit_code.
 */
json_t *client_ask(struct client *client, const char *command, json_t *arguments,
		   int *exit_code) MUST_CHECK;

/* Disconnect, and free the settings. */
void client_close(struct client *client);

#endif
