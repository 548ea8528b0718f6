/* SPDX-License-Identifier: MIT */
/*
 * commands.c - the table of commands, and the short ones.
 */
#include "supervisor/daemon/commands.h"
#include "common/base/log.h"
#include "common/base/nearest.h"
#include "supervisor/daemon/command_events.h"
#include "supervisor/daemon/command_inputs.h"
#include "supervisor/daemon/command_operate.h"
#include "supervisor/daemon/command_status.h"
#include "supervisor/daemon/metrics.h"
#include "common/settings/settings_print.h"
#include "supervisor/daemon/reload.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static json_t *
command_reload(struct supervisor *supervisor, json_t *arguments UNUSED, struct request_error *error)
{
	return reload_settings(supervisor, error);
}

static json_t *
command_diff(struct supervisor *supervisor, json_t *arguments UNUSED, struct request_error *error)
{
	return reload_preview(supervisor, error);
}

/* What print writes about the supervisor, as {"text": "..."}. */
static json_t *
command_print(const struct supervisor *supervisor,
	      void (*print)(const struct supervisor *supervisor, FILE *out),
	      struct request_error *error)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	json_t *data;

	if (out == NULL)
		return request_fail(error, EXIT_FAILURE, "out of memory");
	print(supervisor, out);
	fclose(out);
	data = json_pack("{s:o}", "text", request_text(text));
	free(text);
	return data;
}

static void
print_settings(const struct supervisor *supervisor, FILE *out)
{
	settings_print(supervisor->settings, out);
}

/* For who may not read the file, or finds it half edited. Passwords are in files of their own. */
static json_t *
command_settings(struct supervisor *supervisor, json_t *arguments UNUSED,
		 struct request_error *error)
{
	json_t *data = command_print(supervisor, print_settings, error);

	if (data != NULL)
		json_object_set_new(data, "path", request_text(supervisor->settings_path));
	return data;
}

static json_t *
command_metrics(struct supervisor *supervisor, json_t *arguments UNUSED,
		struct request_error *error)
{
	return command_print(supervisor, metrics_print, error);
}

/* The end of the main loop is that of this process: who wants to see it waits for the socket to go. */
static json_t *
command_shutdown(struct supervisor *supervisor, json_t *arguments, struct request_error *error)
{
	const json_t *now = json_object_get(arguments, "now");

	if (now != NULL && !json_is_boolean(now))
		return request_fail(error, EX_USAGE, "\"now\" is true or false");
	/* To ask twice for a drain is not to lose patience. */
	if (json_is_true(now) || !supervisor->pool.draining)
		supervisor_end(supervisor, json_is_true(now), supervisor->pool.actor);
	return json_pack("{s:b, s:i}", "now", (int)json_is_true(now), "pid", (int)getpid());
}

static json_t *
command_version(struct supervisor *supervisor UNUSED, json_t *arguments UNUSED,
		struct request_error *error UNUSED)
{
	return json_pack("{s:s, s:i, s:i}", "version", SLUICE_VERSION, "protocol", REQUEST_VERSION,
			 "pid", (int)getpid());
}

static json_t *
command_commands(struct supervisor *supervisor UNUSED, json_t *arguments UNUSED,
		 struct request_error *error UNUSED)
{
	json_t *list = json_array();

	for (size_t i = 0; i < command_count; i++) {
		const struct command *command = &command_table[i];

		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:s}", "name", command->name, "arguments",
					command->arguments, "permission",
					command->permission == PERMISSION_READ ? "read" : "operate",
					"help", command->help));
	}
	return json_pack("{s:o}", "commands", list);
}

#define TARGET_ARGUMENTS "{\"target\": \"ROLE\" | \"ROLE/N\" | \"all\"}"

const struct command command_table[] = {
	{.name = "status",
	 .arguments = "{}",
	 .permission = PERMISSION_READ,
	 .handler = command_status,
	 .help = "how every child is, what it has done, and the last deaths"},
	{.name = "events",
	 .arguments = "{\"after\": NUMBER}",
	 .permission = PERMISSION_READ,
	 .handler = command_events,
	 .help = "what happened, oldest first; with after, only what came after that event"},
	{.name = "metrics",
	 .arguments = "{}",
	 .permission = PERMISSION_READ,
	 .handler = command_metrics,
	 .help = "all figures as Prometheus text"},
	{.name = "diff",
	 .arguments = "{}",
	 .permission = PERMISSION_READ,
	 .handler = command_diff,
	 .help = "what a reload would change now"},
	{.name = "settings",
	 .arguments = "{}",
	 .permission = PERMISSION_READ,
	 .handler = command_settings,
	 .help = "the settings that sluiced runs with, as a settings file"},
	{.name = "inputs",
	 .arguments = "{}",
	 .permission = PERMISSION_READ,
	 .handler = command_inputs,
	 .help = "how far each followed file is read, and what will not be read by itself"},
	{.name = "acknowledge",
	 .arguments = "{}",
	 .permission = PERMISSION_OPERATE,
	 .handler = command_acknowledge,
	 .help = "tell no more of files that were packed before they were read"},
	{.name = "version",
	 .arguments = "{}",
	 .permission = PERMISSION_READ,
	 .handler = command_version,
	 .help = "version of sluiced and of this protocol"},
	{.name = "commands",
	 .arguments = "{}",
	 .permission = PERMISSION_READ,
	 .handler = command_commands,
	 .help = "this table"},
	{.name = "scale",
	 .arguments = "{\"ROLE\": COUNT, ..., \"current\": {\"ROLE\": COUNT}, \"dry_run\": BOOL}",
	 .permission = PERMISSION_OPERATE,
	 .handler = command_scale,
	 .help = "want so many children of a role; with current, only if so many are wanted now"},
	{.name = "start",
	 .arguments = TARGET_ARGUMENTS,
	 .permission = PERMISSION_OPERATE,
	 .handler = command_start,
	 .help = "start what was stopped, waits to be started again, or is FATAL"},
	{.name = "stop",
	 .arguments = TARGET_ARGUMENTS,
	 .permission = PERMISSION_OPERATE,
	 .handler = command_stop,
	 .help = "drain and keep stopped until start, restart or scale"},
	{.name = "restart",
	 .arguments = TARGET_ARGUMENTS,
	 .permission = PERMISSION_OPERATE,
	 .handler = command_restart,
	 .help = "drain and start again, one child at a time"},
	{.name = "pause",
	 .arguments = "{\"target\": \"ROLE\" | \"all\"}",
	 .permission = PERMISSION_OPERATE,
	 .handler = command_pause,
	 .help = "take no more work; what is in hand is finished, nothing ends"},
	{.name = "resume",
	 .arguments = "{\"target\": \"ROLE\" | \"all\"}",
	 .permission = PERMISSION_OPERATE,
	 .handler = command_resume,
	 .help = "go on after a pause"},
	{.name = "reload",
	 .arguments = "{}",
	 .permission = PERMISSION_OPERATE,
	 .handler = command_reload,
	 .help = "read the settings file again and restart whom its changes concern"},
	{.name = "shutdown",
	 .arguments = "{\"now\": BOOL}",
	 .permission = PERMISSION_OPERATE,
	 .handler = command_shutdown,
	 .help = "end sluiced: every child finishes what it has in hand; with now, at once"},
};
const size_t command_count = ARRAY_LEN(command_table);

/*
 * "root (uid 0)". By the file alone: a directory service may be away, and sluiced waits for nobody.
 */
static void
peer_name(uid_t uid, char *out, size_t out_size)
{
	FILE *users = fopen("/etc/passwd", "re");
	const struct passwd *user = NULL;

	while (users != NULL && (user = fgetpwent(users)) != NULL && user->pw_uid != uid)
		;
	if (user != NULL)
		snprintf(out, out_size, "%.28s (uid %lu)", user->pw_name, (unsigned long)uid);
	else
		snprintf(out, out_size, "uid %ld", (long)uid);
	if (users != NULL)
		fclose(users);
}

static json_t *
commands_run(struct supervisor *supervisor, const struct peer *peer, const struct request *request,
	     struct request_error *error)
{
	struct nearest nearest = {.word = request->command};
	json_t *data;

	for (size_t i = 0; i < command_count; i++) {
		const struct command *command = &command_table[i];

		nearest_consider(&nearest, command->name);
		if (strcmp(command->name, request->command) != 0)
			continue;
		if (command->permission == PERMISSION_OPERATE && !peer->may_operate) {
			log_warning("uid %ld (pid %ld) may not %s", (long)peer->uid,
				    (long)peer->pid, command->name);
			return request_fail(error, EX_NOPERM,
					    "you may look, not %s: that takes root, sluiced's user "
					    "or its socket's group",
					    command->name);
		}
		peer_name(peer->uid, supervisor->pool.actor, sizeof(supervisor->pool.actor));
		data = command->handler(supervisor, request->arguments, error);
		supervisor->pool.actor[0] = '\0';
		return data;
	}
	return request_fail(error, EX_USAGE, "unknown command \"%s\"%s%s%s", request->command,
			    nearest.best != NULL ? ": did you mean " : "",
			    nearest.best != NULL ? nearest.best : "",
			    nearest.best != NULL ? "?" : "");
}

char *
commands_answer(void *context, const struct peer *peer, const char *line, size_t len, bool complete)
{
	struct request_error error = {.exit_code = EX_SOFTWARE};
	struct request request;
	json_t *data = NULL;

	if (!complete) {
		request_fail(&error, EX_USAGE, "a request may have %d bytes", REQUEST_MAX);
	} else if (request_parse(line, len, &request, &error) == 0) {
		data = commands_run(context, peer, &request, &error);
		request_clear(&request);
	}
	return request_answer(data, &error);
}
