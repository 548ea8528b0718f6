/* SPDX-License-Identifier: MIT */
/*
 * ctl_process.c - `sluicectl start|stop|restart|pause|resume|reload|version`.
 */
#include "common/base/log.h"
#include "supervisor/cli/ctl.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

/* A rolling restart lets every child finish its work, one after the other. */
enum { WAIT_MS = 60000, WAIT_ROLLING_MS = 600000 };

static int
ctl_process_read_options(struct ctl_change *change, const char *letters, int64_t timeout_ms,
			 int argc, char **argv)
{
	static const struct option long_options[] = {CTL_CHANGE_OPTIONS, {NULL, 0, NULL, 0}};
	int option, code = 0;

	*change = (struct ctl_change){.wait = true, .timeout_ms = timeout_ms};
	while (code == 0 && (option = ctl_getopt(argc, argv, letters, long_options)) != -1) {
		if (option == 'n' && strchr(letters, 'n') == NULL)
			return ctl_usage(argv[0], "has no --dry-run");
		code = ctl_take_change_option(argv[0], change, option, optarg);
	}
	return code;
}

static int
ask_for_target(struct ctl *ctl, int64_t timeout_ms, const char *done, int argc, char **argv)
{
	const char *verb = argv[0];
	struct ctl_change change;
	struct target target;
	char error[256];
	json_t *data;
	int exit_code = ctl_process_read_options(&change, ":", timeout_ms, argc, argv);

	if (exit_code != 0)
		return exit_code;
	if (optind + 1 != argc)
		return ctl_usage(verb, "say whom: ROLE, ROLE/N or all");
	if (target_parse(argv[optind], &target, error, sizeof(error)) != 0)
		return ctl_usage(verb, "%s", error);
	data = ctl_ask(ctl, verb, json_pack("{s:s}", "target", argv[optind]), &exit_code);
	if (data == NULL)
		return exit_code;
	if (!change.json)
		printf("%s %s", verb, argv[optind]);
	return ctl_finish_change(ctl, &change, data, &target, 1, done);
}

int
ctl_start(struct ctl *ctl, int argc, char **argv)
{
	return ask_for_target(ctl, WAIT_MS, "ready", argc, argv);
}

int
ctl_stop(struct ctl *ctl, int argc, char **argv)
{
	return ask_for_target(ctl, WAIT_MS, "stopped", argc, argv);
}

int
ctl_restart(struct ctl *ctl, int argc, char **argv)
{
	return ask_for_target(ctl, WAIT_ROLLING_MS, "ready", argc, argv);
}

int
ctl_pause(struct ctl *ctl, int argc, char **argv)
{
	return ask_for_target(ctl, WAIT_MS, "paused", argc, argv);
}

int
ctl_resume(struct ctl *ctl, int argc, char **argv)
{
	return ask_for_target(ctl, WAIT_MS, "at work", argc, argv);
}

static void
print_names(const char *label, const json_t *names)
{
	const json_t *name;
	size_t i;

	if (json_array_size(names) == 0)
		return;
	printf("%s:", label);
	json_array_foreach(names, i, name)
		printf("%s %s", i > 0 ? "," : "", json_string_value(name));
	printf("\n");
}

int
ctl_reload(struct ctl *ctl, int argc, char **argv)
{
	struct target everybody = {.all = true, .index = -1};
	struct ctl_change change;
	int exit_code = ctl_process_read_options(&change, ":n", WAIT_ROLLING_MS, argc, argv);
	json_t *data;

	if (exit_code != 0)
		return exit_code;
	exit_code = ctl_expect_end(argc, argv);
	if (exit_code != 0)
		return exit_code;
	data = ctl_ask(ctl, change.dry_run ? "diff" : "reload", NULL, &exit_code);
	if (data == NULL)
		return exit_code;
	if (!change.json) {
		print_names(change.dry_run ? "would change" : "changed",
			    json_object_get(data, "changed"));
		print_names("only a restart of sluiced applies",
			    json_object_get(data, "needs_restart"));
		print_names(change.dry_run ? "would restart one child at a time"
					   : "restarting one child at a time",
			    json_object_get(data, "restarting"));
		printf("reload");
	}
	return ctl_finish_change(ctl, &change, data, &everybody, 1, "ready");
}

int
ctl_version(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_change change;
	int exit_code = ctl_process_read_options(&change, ":", WAIT_MS, argc, argv);
	json_t *data;

	if (exit_code != 0)
		return exit_code;
	if (!change.json)
		printf("sluicectl %s\n", SLUICE_VERSION);
	data = ctl_ask(ctl, "version", NULL, &exit_code);
	if (data == NULL)
		return exit_code;
	if (change.json) {
		json_object_set_new(data, "sluicectl", json_string(SLUICE_VERSION));
		ctl_print_json(data);
	} else {
		printf("sluiced %s (pid %d)\n", ctl_text(data, "version", "?"),
		       (int)ctl_number(data, "pid", 0));
	}
	json_decref(data);
	return CTL_OK;
}
