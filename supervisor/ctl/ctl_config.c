/* SPDX-License-Identifier: MIT */
/*
 * ctl_config.c - `sluicectl config`: check and show work on the file alone, diff asks sluiced.
 */
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/settings/settings_load.h"
#include "common/settings/settings_print.h"
#include "common/settings/settings_files.h"
#include "supervisor/cli/member.h"
#include "supervisor/cli/text_table.h"
#include "supervisor/ctl/ctl.h"
#include "supervisor/ctl/input_check.h"
#include "supervisor/shared/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static json_t *
ctl_config_json(const void *answer)
{
	const struct settings *settings = answer;
	json_t *all = json_object(), *inputs = json_array();

	for (size_t i = 0; i < settings->input_count; i++) {
		const struct input_settings *input = &settings->inputs[i];

		json_array_append_new(inputs,
				      json_pack("{s:o, s:s, s:o}", "path",
						request_text(input->path), "format", input->format,
						"routing_key", request_text(input->routing_key)));
	}
	json_object_set_new(all, "inputs", inputs);
	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *row = &setting_table[i];
		char *value = settings_value_text(settings, row), origin[4200], name[128];

		snprintf(name, sizeof(name), "%s%s%s", row->section,
			 row->section[0] != '\0' ? "." : "", row->name);
		settings_origin_text(&settings->origins[i], origin, sizeof(origin));
		json_object_set_new(all, name,
				    json_pack("{s:o, s:o}", "value", request_text(value), "origin",
					      request_text(origin)));
		free(value);
	}
	return all;
}

/* Local: it works without sluiced, as sluiced -t and -T do. */
static bool
ctl_config_load(struct client *client, bool with_files)
{
	bool accepted = settings_load(client->settings_path, &client->settings) == 0 &&
			settings_check_inputs(client->settings) == 0 &&
			(!with_files || settings_files_check(client->settings) == 0);

	if (!accepted)
		log_error("settings %s: not accepted", client->settings_path);
	return accepted;
}

static void
ctl_config_print_check(const json_t *data, FILE *out UNUSED)
{
	if (!member_is_true(data, "accepted"))
		return;
	input_check_print(json_object_get(data, "inputs"), stderr);
	fprintf(stderr, "settings %s: ok\n", member_text(data, "settings", "?"));
}

static int
ctl_config_print_accepted(struct call *call, bool accepted)
{
	json_t *data =
		json_pack("{s:o, s:b}", "settings", request_text(call->client->settings_path),
			  "accepted", (int)accepted);

	if (accepted)
		json_object_set_new(data, "inputs", input_check_all(call->client->settings));
	output_value(&call->output, data, ctl_config_print_check);
	json_decref(data);
	return accepted ? CTL_OK : EX_CONFIG;
}

int
ctl_config_check(struct call *call)
{
	return ctl_config_print_accepted(call, ctl_config_load(call->client, true));
}

static void
ctl_config_print(const void *settings, FILE *out)
{
	settings_print(settings, out);
}

int
ctl_config_show(struct call *call)
{
	if (!ctl_config_load(call->client, false))
		return ctl_config_print_accepted(call, false);
	output_answer(&call->output, call->client->settings, ctl_config_json, ctl_config_print);
	return CTL_OK;
}

static void
ctl_config_print_changes(const json_t *changes, FILE *out)
{
	static const struct {
		const char *title, *member;
	} columns[] = {{"SETTING", "name"},   {"RUNNING", "from"},   {"FROM", "from_origin"},
		       {"IN THE FILE", "to"}, {"FROM", "to_origin"}, {"A RELOAD", "effect"}};
	struct libscols_table *table;
	const json_t *change;
	size_t i;

	if (json_array_size(changes) == 0) {
		fprintf(stderr, "the running settings are those of the file\n");
		return;
	}
	table = text_table_new();
	for (i = 0; i < ARRAY_LEN(columns); i++)
		text_table_column(table, columns[i].title, false);
	json_array_foreach(changes, i, change)
	{
		struct libscols_line *line = text_table_row(table);

		for (size_t c = 0; c < ARRAY_LEN(columns); c++)
			text_table_cell(line, c,
					xstrdup(member_text(change, columns[c].member, "...")),
					NULL);
	}
	text_table_print(table, out);
}

int
ctl_config_diff(struct call *call)
{
	int exit_code;
	json_t *data = client_ask(call->client, "diff", NULL, &exit_code);
	const json_t *changes = json_object_get(data, "changes");

	if (data == NULL)
		return exit_code;
	output_value(&call->output, changes, ctl_config_print_changes);
	exit_code = json_array_size(changes) > 0 ? CTL_FAILED : CTL_OK;
	json_decref(data);
	return exit_code;
}
