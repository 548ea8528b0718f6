/* SPDX-License-Identifier: MIT */
/*
 * ctl_scale.c - `sluicectl scale`: change how many children of a role there are to be.
 */
#include "common/base/log.h"
#include "supervisor/cli/ctl.h"

#include <getopt.h>
#include <stdio.h>

enum { OPTION_CURRENT = CTL_OPTION_OWN };

struct scale_options {
	struct ctl_change change;
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
ctl_scale_read_options(struct scale_options *options, int argc, char **argv)
{
	static const struct option long_options[] = {
		CTL_CHANGE_OPTIONS,
		{"current", required_argument, NULL, OPTION_CURRENT},
		{NULL, 0, NULL, 0},
	};
	json_t *current = json_object();
	enum role_id role;
	int option, result = 0;

	json_object_set_new(options->arguments, "current", current);
	while (result == 0 && (option = ctl_getopt(argc, argv, ":n", long_options)) != -1) {
		if (option == OPTION_CURRENT)
			result = add_count(current, optarg, &role);
		else
			result = ctl_take_change_option("scale", &options->change, option, optarg);
	}
	if (options->change.dry_run)
		json_object_set_new(options->arguments, "dry_run", json_true());
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
	json_t *data = ctl_ask(ctl, "scale", json_incref(options->arguments), &exit_code);

	if (data == NULL)
		return exit_code;
	if (!options->change.json)
		print_change(options, data);
	return ctl_finish_change(ctl, &options->change, data, options->targets,
				 options->target_count, "ready");
}

int
ctl_scale(struct ctl *ctl, int argc, char **argv)
{
	struct scale_options options = {.change = {.wait = true, .timeout_ms = 30000},
					.arguments = json_object()};
	int exit_code = ctl_scale_read_options(&options, argc, argv);

	if (exit_code == 0)
		exit_code = scale(ctl, &options);
	json_decref(options.arguments);
	return exit_code;
}
