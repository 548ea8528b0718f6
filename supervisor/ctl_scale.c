/* SPDX-License-Identifier: MIT */
/*
 * ctl_scale.c - `sluicectl scale`: change how many children of a role there are to be.
 */
#include "common/log.h"
#include "supervisor/ctl.h"

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

enum { OPTION_NO_WAIT = 256, OPTION_TIMEOUT, OPTION_CURRENT, OPTION_JSON };

struct scale_options {
	bool wait, json, dry_run;
	int64_t timeout_ms;
	json_t *arguments; /* of the command */
	struct target targets[ROLE_COUNT];
	size_t target_count;
};

static int
add_count(json_t *object, const char *text, enum role_id *role)
{
	unsigned count;
	char error[256];

	if (ctl_parse_count(text, role, &count, error, sizeof(error)) != 0)
		return ctl_usage("scale", "%s", error);
	if (json_object_get(object, role_table[*role].name) != NULL)
		return ctl_usage("scale", "%s is given twice", role_table[*role].name);
	json_object_set_new(object, role_table[*role].name, json_integer(count));
	return 0;
}

static int
read_options(struct scale_options *options, int argc, char **argv)
{
	static const struct option long_options[] = {
		{"no-wait", no_argument, NULL, OPTION_NO_WAIT},
		{"timeout", required_argument, NULL, OPTION_TIMEOUT},
		{"current", required_argument, NULL, OPTION_CURRENT},
		{"json", no_argument, NULL, OPTION_JSON},
		{"dry-run", no_argument, NULL, 'n'},
		{NULL, 0, NULL, 0},
	};
	json_t *current = json_object();
	enum role_id role;
	int option, result = 0;

	json_object_set_new(options->arguments, "current", current);
	while (result == 0 && (option = getopt_long(argc, argv, "n", long_options, NULL)) != -1) {
		switch (option) {
		case OPTION_NO_WAIT:
			options->wait = false;
			break;
		case OPTION_JSON:
			options->json = true;
			break;
		case 'n':
			options->dry_run = true;
			options->wait = false;
			json_object_set_new(options->arguments, "dry_run", json_true());
			break;
		case OPTION_TIMEOUT:
			if (ctl_parse_duration(optarg, &options->timeout_ms) != 0)
				result = ctl_usage("scale", "\"%s\" is no duration, as 30s or 2m",
						   optarg);
			break;
		case OPTION_CURRENT:
			result = add_count(current, optarg, &role);
			break;
		default:
			return ctl_usage("scale", "wrong option");
		}
	}
	for (int i = optind; i < argc && result == 0; i++) {
		result = add_count(options->arguments, argv[i], &role);
		if (result == 0)
			options->targets[options->target_count++] =
				(struct target){.role = role, .index = -1};
	}
	if (result == 0 && options->target_count == 0)
		return ctl_usage("scale", "say how many of what, as in lake=4");
	return result;
}

/* "lake: 2 -> 4, clean: 2 -> 1" */
static void
print_change(const struct scale_options *options, const json_t *data)
{
	for (size_t i = 0; i < options->target_count; i++) {
		const char *name = role_table[options->targets[i].role].name;
		const json_t *change = json_object_get(data, name);

		printf("%s%s: %d -> %d", i > 0 ? ", " : "", name,
		       (int)ctl_number(change, "from", 0), (int)ctl_number(change, "to", 0));
	}
}

static int
scale(struct ctl *ctl, struct scale_options *options)
{
	int exit_code;
	double seconds = 0;
	json_t *data = ctl_ask(ctl, "scale", json_incref(options->arguments), &exit_code);

	if (data == NULL)
		return exit_code;
	if (!options->json) {
		print_change(options, data);
		printf("%s", options->wait ? " ... " : options->dry_run ? " (not done)\n" : "\n");
		fflush(stdout);
	}
	if (options->wait)
		exit_code = ctl_wait_settled(ctl, options->targets, options->target_count,
					     options->timeout_ms, &seconds);
	if (options->json) {
		json_object_set_new(data, "settled", json_boolean(options->wait && exit_code == 0));
		json_object_set_new(data, "waited_s", json_real(seconds));
		ctl_print_json(data);
	} else if (options->wait && exit_code == 0) {
		printf("ready in %.1f s\n", seconds);
	} else if (options->wait) {
		printf("not ready\n");
	}
	json_decref(data);
	return exit_code;
}

int
ctl_scale(struct ctl *ctl, int argc, char **argv)
{
	struct scale_options options = {
		.wait = true, .timeout_ms = 30000, .arguments = json_object()};
	int exit_code = read_options(&options, argc, argv);

	if (exit_code == 0)
		exit_code = scale(ctl, &options);
	json_decref(options.arguments);
	return exit_code;
}
