/* SPDX-License-Identifier: MIT */
/*
 * ctl_scale.c - `sluicectl scale`: change how many children of a role there are to be.
 */
#include "supervisor/ctl/ctl_scale.h"
#include "supervisor/cli/member.h"
#include "supervisor/ctl/ctl.h"
#include "supervisor/ctl/ctl_change.h"

#include <stdio.h>
#include <string.h>

int
ctl_scale_parse(const char *text, enum role_id *role, int64_t *count, char *error,
		size_t error_size)
{
	size_t name_len = strcspn(text, "=");
	const char *number = text[name_len] == '=' ? text + name_len + 1 : NULL;
	struct target target;
	char name[32];

	snprintf(name, sizeof(name), "%.*s", (int)MIN(name_len, sizeof(name) - 1), text);
	if (target_parse(name, &target, error, error_size) != 0)
		return -1;
	if (number == NULL || target.all || target.index >= 0) {
		snprintf(error, error_size, "\"%s\" is not of the form ROLE=COUNT, as in lake=4",
			 text);
		return -1;
	}
	*role = target.role;
	if (options_parse_number(number, NULL, count) != 0 || *count > role_table[*role].max) {
		snprintf(error, error_size, "%s may be 0 to %u, not \"%s\"", name,
			 role_table[*role].max, number);
		return -1;
	}
	return 0;
}

static int
ctl_scale_add(const struct call *call, json_t *object, const char *text, enum role_id *role)
{
	int64_t count;
	char error[256];

	if (ctl_scale_parse(text, role, &count, error, sizeof(error)) != 0)
		return verbs_usage(call, "%s", error);
	if (json_object_get(object, role_table[*role].name) != NULL)
		return verbs_usage(call, "%s is given twice", role_table[*role].name);
	json_object_set_new(object, role_table[*role].name, json_integer(count));
	return 0;
}

/* The arguments of the command; targets has room for every role. */
static int
ctl_scale_read(const struct call *call, json_t *arguments, struct target *targets)
{
	const struct options *options = &call->options;
	json_t *current = json_object();
	enum role_id role;
	int code = 0;

	json_object_set_new(arguments, "current", current);
	for (size_t i = 0; i < options->value_count && code == 0; i++)
		if (strcmp(options->values[i].row->name, "current") == 0)
			code = ctl_scale_add(call, current, options->values[i].text, &role);
	for (size_t i = 0; i < options->word_count && code == 0; i++) {
		code = ctl_scale_add(call, arguments, options->words[i], &role);
		if (code == 0)
			targets[i] = (struct target){.role = role, .index = -1};
	}
	if (options_has(options, "dry-run"))
		json_object_set_new(arguments, "dry_run", json_true());
	return code;
}

/* "lake: 2 -> 4, clean: 2 -> 1" */
static void
ctl_scale_print(const struct call *call, const struct ctl_change *change, const json_t *data)
{
	for (size_t i = 0; i < change->target_count; i++) {
		const char *name = role_table[change->targets[i].role].name;
		const json_t *counts = json_object_get(data, name);

		output_note(&call->output, "%s%s: %d -> %d", i > 0 ? ", " : "", name,
			    (int)member_number(counts, "from", 0),
			    (int)member_number(counts, "to", 0));
	}
}

int
ctl_scale(struct call *call)
{
	struct target targets[ROLE_COUNT];
	struct ctl_change change = {.targets = targets,
				    .target_count = call->options.word_count,
				    .dry_run = options_has(&call->options, "dry-run"),
				    .done = "ready"};
	json_t *arguments = json_object(), *data;
	int code = ctl_scale_read(call, arguments, targets);

	if (code != 0) {
		json_decref(arguments);
		return code;
	}
	data = client_ask(call->client, "scale", arguments, &code);
	if (data == NULL)
		return code;
	ctl_scale_print(call, &change, data);
	return ctl_change_finish(call, &change, data);
}
