/* SPDX-License-Identifier: MIT */
/*
 * ctl_config.c - `sluicectl config`: check and show work on the file alone, diff asks sluiced.
 */
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/settings/settings_load.h"
#include "common/settings/settings_print.h"
#include "common/settings/settings_files.h"
#include "supervisor/cli/ctl.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static json_t *
show_json(const struct settings *settings)
{
	json_t *all = json_object(), *inputs = json_array();

	for (size_t i = 0; i < settings->input_count; i++) {
		const struct input_settings *input = &settings->inputs[i];

		json_array_append_new(inputs,
				      json_pack("{s:s, s:s, s:s}", "path", input->path, "format",
						input->format, "routing_key", input->routing_key));
	}
	json_object_set_new(all, "inputs", inputs);
	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *row = &setting_table[i];
		char *value = settings_value_text(settings, row), origin[4200], name[128];

		snprintf(name, sizeof(name), "%s%s%s", row->section,
			 row->section[0] != '\0' ? "." : "", row->name);
		settings_origin_text(&settings->origins[i], origin, sizeof(origin));
		json_object_set_new(all, name,
				    json_pack("{s:o, s:o}", "value", json_string(value), "origin",
					      json_string(origin)));
		free(value);
	}
	return all;
}

/* Local: it works without sluiced, as sluiced -t and -T do. */
static int
check_or_show(struct ctl *ctl, bool show, bool as_json)
{
	bool accepted = settings_load(ctl->settings_path, &ctl->settings) == 0 &&
			settings_check_inputs(ctl->settings) == 0 &&
			(show || settings_files_check(ctl->settings) == 0);
	json_t *data;

	if (!accepted)
		log_error("settings %s: not accepted", ctl->settings_path);
	if (as_json) {
		data = show && accepted ? show_json(ctl->settings)
					: json_pack("{s:s, s:b}", "settings", ctl->settings_path,
						    "accepted", (int)accepted);
		ctl_print_json(data);
		json_decref(data);
	} else if (accepted && show) {
		settings_print(ctl->settings, stdout);
	} else if (accepted) {
		fprintf(stderr, "settings %s: ok\n", ctl->settings_path);
	}
	return accepted ? CTL_OK : EX_CONFIG;
}

static void
print_changes(const json_t *changes)
{
	static const char *const titles[] = {"SETTING",	    "RUNNING", "FROM",
					     "IN THE FILE", "FROM",    "A RELOAD"};
	static const char *const members[] = {"name", "from",	   "from_origin",
					      "to",   "to_origin", "effect"};
	struct libscols_table *table = ctl_table_new();
	const json_t *change;
	size_t i;

	for (i = 0; i < ARRAY_LEN(titles); i++)
		ctl_table_column(table, titles[i], false);
	json_array_foreach(changes, i, change)
	{
		struct libscols_line *line = ctl_table_row(table);

		for (size_t c = 0; c < ARRAY_LEN(members); c++)
			ctl_table_cell(line, c, ctl_visible(ctl_text(change, members[c], "...")),
				       NULL);
	}
	ctl_table_print(table);
}

static int
diff(struct ctl *ctl, bool as_json)
{
	int exit_code;
	json_t *data = ctl_ask(ctl, "diff", NULL, &exit_code);
	const json_t *changes = json_object_get(data, "changes");
	size_t count = json_array_size(changes);

	if (data == NULL)
		return exit_code;
	if (as_json)
		ctl_print_json(changes);
	else if (count > 0)
		print_changes(changes);
	else
		fprintf(stderr, "the running settings are those of the file\n");
	json_decref(data);
	return count > 0 ? CTL_FAILED : CTL_OK;
}

int
ctl_config(struct ctl *ctl, int argc, char **argv)
{
	bool as_json;
	int code = ctl_read_json_option(argc, argv, &as_json);

	if (code != 0)
		return code;
	if (optind + 1 != argc)
		return ctl_usage(argv[0], "say what: check, show or diff");
	if (strcmp(argv[optind], "check") == 0)
		return check_or_show(ctl, false, as_json);
	if (strcmp(argv[optind], "show") == 0)
		return check_or_show(ctl, true, as_json);
	if (strcmp(argv[optind], "diff") == 0)
		return diff(ctl, as_json);
	return ctl_usage(argv[0], "\"%s\" is none of check, show, diff", argv[optind]);
}
