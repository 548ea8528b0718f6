/* SPDX-License-Identifier: MIT */
/*
 * commands.c - the table of commands, and the short ones.
 */
#include "supervisor/daemon/commands.h"
#include "common/base/log.h"
#include "common/base/nearest.h"
#include "supervisor/daemon/reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

/* --- scale --- */

static bool
is_role(const char *name, enum role_id *role)
{
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		if (strcmp(role_table[i].name, name) == 0) {
			*role = (enum role_id)i;
			return true;
		}
	}
	return false;
}

/* Read {"lake": 4, ...} into counts, -1 where a role is not named. "current" and "dry_run" are left
 * to the caller. */
static int
read_counts(json_t *object, int counts[ROLE_COUNT], struct request_error *error)
{
	const char *name;
	json_t *value;

	for (unsigned i = 0; i < ROLE_COUNT; i++)
		counts[i] = -1;
	json_object_foreach(object, name, value)
	{
		enum role_id role;
		char roles[ROLE_LIST_MAX];

		if (strcmp(name, "current") == 0 || strcmp(name, "dry_run") == 0)
			continue;
		if (!is_role(name, &role)) {
			request_fail(error, EX_USAGE, "unknown role \"%.32s\": there are %s", name,
				     role_list(roles, sizeof(roles)));
			return -1;
		}
		if (!json_is_integer(value) || json_integer_value(value) < 0 ||
		    json_integer_value(value) > (json_int_t)role_table[role].max) {
			request_fail(error, EX_USAGE, "%s may be 0 to %u", name,
				     role_table[role].max);
			return -1;
		}
		counts[role] = (int)json_integer_value(value);
	}
	return 0;
}

static void
scale_role(struct pool *pool, enum role_id role, unsigned count)
{
	const char *name = role_table[role].name;

	log_info("scale %s: %u -> %u, by %s", name, pool->wanted[role], count, pool->actor);
	events_add(&pool->events, EVENT_SCALE, name, pool->actor, "%u -> %u", pool->wanted[role],
		   count);
	pool_scale(pool, role, count);
}

static json_t *
command_scale(struct supervisor *supervisor, json_t *arguments, struct request_error *error)
{
	json_t *current = json_object_get(arguments, "current");
	int counts[ROLE_COUNT], expected[ROLE_COUNT];
	json_t *data;

	if (read_counts(arguments, counts, error) != 0)
		return NULL;
	if (current != NULL && !json_is_object(current))
		return request_fail(error, EX_USAGE, "\"current\" must be an object");
	if (read_counts(current, expected, error) != 0)
		return NULL;
	if (supervisor->pool.draining)
		return request_fail(error, EX_UNAVAILABLE, "sluiced is ending");
	for (unsigned i = 0; i < ROLE_COUNT; i++)
		if (expected[i] >= 0 && (unsigned)expected[i] != supervisor->pool.wanted[i])
			return request_fail(error, EXIT_FAILURE,
					    "%s is %u, not %d as expected: nothing was changed",
					    role_table[i].name, supervisor->pool.wanted[i],
					    expected[i]);
	data = json_object();
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		if (counts[i] < 0)
			continue;
		json_object_set_new(data, role_table[i].name,
				    json_pack("{s:i, s:i}", "from", (int)supervisor->pool.wanted[i],
					      "to", counts[i]));
		if (!json_is_true(json_object_get(arguments, "dry_run")))
			scale_role(&supervisor->pool, (enum role_id)i, (unsigned)counts[i]);
	}
	return data;
}

/* --- start, stop, restart --- */

typedef int (*pool_target_fn)(struct pool *pool, const struct target *target, char *error,
			      size_t error_size);

static json_t *
apply_to_target(struct supervisor *supervisor, json_t *arguments, enum event_kind kind,
		pool_target_fn apply, struct request_error *error)
{
	const char *text = json_string_value(json_object_get(arguments, "target"));
	const char *verb = event_kind_name(kind); /* a command and its event have one name */
	struct target target;

	if (text == NULL)
		return request_fail(error, EX_USAGE, "%s needs a \"target\"", verb);
	error->exit_code = EX_USAGE;
	if (target_parse(text, &target, error->text, sizeof(error->text)) != 0)
		return NULL;
	error->exit_code = EX_DATAERR;
	if (apply(&supervisor->pool, &target, error->text, sizeof(error->text)) != 0)
		return NULL;
	log_info("%s %s, by %s", verb, text, supervisor->pool.actor);
	events_add(&supervisor->pool.events, kind, text, supervisor->pool.actor, "told to %s",
		   verb);
	return json_pack("{s:s}", "target", text);
}

static json_t *
command_start(struct supervisor *supervisor, json_t *arguments, struct request_error *error)
{
	return apply_to_target(supervisor, arguments, EVENT_START, pool_start, error);
}

static json_t *
command_stop(struct supervisor *supervisor, json_t *arguments, struct request_error *error)
{
	return apply_to_target(supervisor, arguments, EVENT_STOP, pool_stop, error);
}

static json_t *
command_restart(struct supervisor *supervisor, json_t *arguments, struct request_error *error)
{
	return apply_to_target(supervisor, arguments, EVENT_RESTART, pool_restart, error);
}

/* A role as a whole: which worker of it takes a message is the broker's choice. */
static int
pause_target(struct pool *pool, const struct target *target, bool paused, char *error,
	     size_t error_size)
{
	if (pool->draining) {
		snprintf(error, error_size, "sluiced is ending");
		return -1;
	}
	if (!target->all && target->index >= 0) {
		snprintf(error, error_size, "a role is paused as a whole: sluicectl %s %s",
			 paused ? "pause" : "resume", role_table[target->role].name);
		return -1;
	}
	pool_pause(pool, target->all ? (1u << ROLE_COUNT) - 1 : 1u << target->role, paused);
	return 0;
}

static int
pause_on(struct pool *pool, const struct target *target, char *error, size_t error_size)
{
	return pause_target(pool, target, true, error, error_size);
}

static int
pause_off(struct pool *pool, const struct target *target, char *error, size_t error_size)
{
	return pause_target(pool, target, false, error, error_size);
}

static json_t *
command_pause(struct supervisor *supervisor, json_t *arguments, struct request_error *error)
{
	return apply_to_target(supervisor, arguments, EVENT_PAUSE, pause_on, error);
}

static json_t *
command_resume(struct supervisor *supervisor, json_t *arguments, struct request_error *error)
{
	return apply_to_target(supervisor, arguments, EVENT_RESUME, pause_off, error);
}

/* --- the others --- */

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

json_t *
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
};
const size_t command_count = ARRAY_LEN(command_table);

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
		snprintf(supervisor->pool.actor, sizeof(supervisor->pool.actor), "uid %ld",
			 (long)peer->uid);
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
commands_answer(struct supervisor *supervisor, const struct peer *peer, const char *line,
		size_t len, bool complete)
{
	struct request_error error = {.exit_code = EX_SOFTWARE};
	struct request request;
	json_t *data = NULL;

	if (!complete) {
		request_fail(&error, EX_USAGE, "a request may have %d bytes", REQUEST_MAX);
	} else if (request_parse(line, len, &request, &error) == 0) {
		data = commands_run(supervisor, peer, &request, &error);
		request_clear(&request);
	}
	return request_answer(data, &error);
}
