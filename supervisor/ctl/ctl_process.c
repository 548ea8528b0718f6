/* SPDX-License-Identifier: MIT */
/*
 * ctl_process.c - `sluicectl start|stop|restart|pause|resume|reload|version`.
 */
#include "supervisor/cli/member.h"
#include "supervisor/ctl/ctl.h"
#include "supervisor/ctl/ctl_change.h"

#include <stdio.h>

/* The commands that take a target have the names of their verbs. */
static int
ctl_process_command(struct call *call, const char *done)
{
	const char *command = call->verb->name, *whom = call->options.words[0];
	struct target target;
	struct ctl_change change = {.targets = &target, .target_count = 1, .done = done};
	char error[256];
	int exit_code;
	json_t *data;

	if (target_parse(whom, &target, error, sizeof(error)) != 0)
		return verbs_usage(call, "%s", error);
	data = client_ask(call->client, command, json_pack("{s:s}", "target", whom), &exit_code);
	if (data == NULL)
		return exit_code;
	output_note(&call->output, "%s %s", command, whom);
	return ctl_change_finish(call, &change, data);
}

int
ctl_start(struct call *call)
{
	return ctl_process_command(call, "ready");
}

int
ctl_stop(struct call *call)
{
	return ctl_process_command(call, "stopped");
}

int
ctl_restart(struct call *call)
{
	return ctl_process_command(call, "ready");
}

int
ctl_pause(struct call *call)
{
	return ctl_process_command(call, "paused");
}

int
ctl_resume(struct call *call)
{
	return ctl_process_command(call, "at work");
}

static void
ctl_process_print_names(const struct call *call, const char *label, const json_t *names)
{
	const json_t *name;
	size_t i;

	if (json_array_size(names) == 0)
		return;
	output_note(&call->output, "%s:", label);
	json_array_foreach(names, i, name)
		output_note(&call->output, "%s %s", i > 0 ? "," : "", json_string_value(name));
	output_note(&call->output, "\n");
}

int
ctl_reload(struct call *call)
{
	static const struct target everybody = {.all = true, .index = -1};
	bool dry_run = options_has(&call->options, "dry-run");
	struct ctl_change change = {
		.targets = &everybody, .target_count = 1, .dry_run = dry_run, .done = "ready"};
	int exit_code;
	json_t *data = client_ask(call->client, dry_run ? "diff" : "reload", NULL, &exit_code);

	if (data == NULL)
		return exit_code;
	ctl_process_print_names(call, dry_run ? "would change" : "changed",
				json_object_get(data, "changed"));
	ctl_process_print_names(call, "only a restart of sluiced applies",
				json_object_get(data, "needs_restart"));
	ctl_process_print_names(call,
				dry_run ? "would restart one child at a time"
					: "restarting one child at a time",
				json_object_get(data, "restarting"));
	output_note(&call->output, "reload");
	return ctl_change_finish(call, &change, data);
}

static void
ctl_version_print(const json_t *data, FILE *out)
{
	fprintf(out, "sluiced %s (pid %d)\n", member_text(data, "version", "?"),
		(int)member_number(data, "pid", 0));
}

int
ctl_version(struct call *call)
{
	int exit_code;
	json_t *data;

	output_note(&call->output, "sluicectl %s\n", SLUICE_VERSION);
	data = client_ask(call->client, "version", NULL, &exit_code);
	if (data == NULL)
		return exit_code;
	json_object_set_new(data, "sluicectl", json_string(SLUICE_VERSION));
	output_value(&call->output, data, ctl_version_print);
	json_decref(data);
	return CTL_OK;
}
