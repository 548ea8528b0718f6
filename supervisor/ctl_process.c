/* SPDX-License-Identifier: MIT */
/*
 * ctl_process.c - `sluicectl start|stop|restart|pause|resume|reload|version`.
 */
#include "common/log.h"
#include "supervisor/ctl.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { OPTION_NO_WAIT = 256, OPTION_TIMEOUT, OPTION_JSON };

/* A rolling restart lets every child finish its work, one after the other. */
enum { WAIT_MS = 60000, WAIT_ROLLING_MS = 600000 };

struct verb_options {
	bool wait, json, dry_run;
	int64_t timeout_ms;
};

static int
read_options(struct verb_options *options, const char *letters, int64_t timeout_ms, int argc,
	     char **argv)
{
	static const struct option long_options[] = {
		{"no-wait", no_argument, NULL, OPTION_NO_WAIT},
		{"timeout", required_argument, NULL, OPTION_TIMEOUT},
		{"json", no_argument, NULL, OPTION_JSON},
		{"dry-run", no_argument, NULL, 'n'},
		{NULL, 0, NULL, 0},
	};
	int option;

	*options = (struct verb_options){.wait = true, .timeout_ms = timeout_ms};
	while ((option = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
		switch (option) {
		case OPTION_NO_WAIT:
			options->wait = false;
			break;
		case OPTION_JSON:
			options->json = true;
			break;
		case 'n':
			if (letters[0] == '\0')
				return ctl_usage(argv[0], "has no --dry-run");
			options->dry_run = true;
			options->wait = false;
			break;
		case OPTION_TIMEOUT:
			if (ctl_parse_duration(optarg, &options->timeout_ms) != 0)
				return ctl_usage(argv[0], "\"%s\" is no duration, as 30s or 2m",
						 optarg);
			break;
		default:
			return ctl_usage(argv[0], "wrong option");
		}
	}
	return 0;
}

/* Wait as wished, then say "WHAT ... DONE in 0.8 s" or print data with what came out. */
static int
finish(struct ctl *ctl, const struct verb_options *options, json_t *data,
       const struct target *targets, size_t count, const char *what, const char *done)
{
	double seconds = 0;
	int exit_code = CTL_OK;

	if (!options->json) {
		printf("%s%s", what, options->wait ? " ... " : "\n");
		fflush(stdout);
	}
	if (options->wait)
		exit_code = ctl_wait_settled(ctl, targets, count, options->timeout_ms, &seconds);
	if (options->json) {
		json_object_set_new(data, "settled", json_boolean(options->wait && exit_code == 0));
		json_object_set_new(data, "waited_s", json_real(seconds));
		ctl_print_json(data);
	} else if (options->wait && exit_code == 0) {
		printf("%s in %.1f s\n", done, seconds);
	} else if (options->wait) {
		printf("not %s\n", done);
	}
	json_decref(data);
	return exit_code;
}

static int
ask_for_target(struct ctl *ctl, int64_t timeout_ms, const char *done, int argc, char **argv)
{
	const char *verb = argv[0];
	struct verb_options options;
	struct target target;
	char error[256], what[64];
	json_t *data;
	int exit_code = read_options(&options, "", timeout_ms, argc, argv);

	if (exit_code != 0)
		return exit_code;
	if (optind + 1 != argc)
		return ctl_usage(verb, "say whom: ROLE, ROLE/N or all");
	if (target_parse(argv[optind], &target, error, sizeof(error)) != 0)
		return ctl_usage(verb, "%s", error);
	data = ctl_ask(ctl, verb, json_pack("{s:s}", "target", argv[optind]), &exit_code);
	if (data == NULL)
		return exit_code;
	snprintf(what, sizeof(what), "%s %s", verb, argv[optind]);
	return finish(ctl, &options, data, &target, 1, what, done);
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
	struct verb_options options;
	int exit_code = read_options(&options, "n", WAIT_ROLLING_MS, argc, argv);
	json_t *data;

	if (exit_code != 0)
		return exit_code;
	if (optind < argc)
		return ctl_usage(argv[0], "unexpected argument \"%s\"", argv[optind]);
	data = ctl_ask(ctl, options.dry_run ? "diff" : "reload", NULL, &exit_code);
	if (data == NULL)
		return exit_code;
	if (!options.json) {
		print_names(options.dry_run ? "would change" : "changed",
			    json_object_get(data, "changed"));
		print_names("only a restart of sluiced applies",
			    json_object_get(data, "needs_restart"));
		print_names(options.dry_run ? "would restart one child at a time"
					    : "restarting one child at a time",
			    json_object_get(data, "restarting"));
	}
	return finish(ctl, &options, data, &everybody, 1,
		      options.dry_run ? "reload (not done)" : "reload", "ready");
}

int
ctl_version(struct ctl *ctl, int argc, char **argv)
{
	struct verb_options options;
	int exit_code = read_options(&options, "", WAIT_MS, argc, argv);
	json_t *data;

	if (exit_code != 0)
		return exit_code;
	if (!options.json)
		printf("sluicectl %s\n", SLUICE_VERSION);
	data = ctl_ask(ctl, "version", NULL, &exit_code);
	if (data == NULL)
		return exit_code;
	if (options.json) {
		json_object_set_new(data, "sluicectl", json_string(SLUICE_VERSION));
		ctl_print_json(data);
	} else {
		printf("sluiced %s (pid %d)\n", ctl_text(data, "version", "?"),
		       (int)ctl_number(data, "pid", 0));
	}
	json_decref(data);
	return CTL_OK;
}
