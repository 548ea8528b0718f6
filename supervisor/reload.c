/* SPDX-License-Identifier: MIT */
/*
 * reload.c - which settings have changed, and what that means for whom.
 */
#include "supervisor/reload.h"
#include "common/log.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static bool
texts_equal(const struct text_list *a, const struct text_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

static bool
values_equal(const struct setting *row, const struct settings *a, const struct settings *b)
{
	const void *left = (const char *)a + row->offset, *right = (const char *)b + row->offset;

	switch (row->type) {
	case SETTING_NUMBER:
		return *(const int64_t *)left == *(const int64_t *)right;
	case SETTING_CHOICE:
		return *(const int *)left == *(const int *)right;
	case SETTING_TEXT:
	case SETTING_PATH:
		return strcmp(*(char *const *)left, *(char *const *)right) == 0;
	case SETTING_LIST:
		return texts_equal(left, right);
	}
	return false;
}

static bool
inputs_equal(const struct settings *a, const struct settings *b)
{
	if (a->input_count != b->input_count)
		return false;
	for (size_t i = 0; i < a->input_count; i++)
		if (strcmp(a->inputs[i].path, b->inputs[i].path) != 0 ||
		    strcmp(a->inputs[i].format, b->inputs[i].format) != 0 ||
		    strcmp(a->inputs[i].routing_key, b->inputs[i].routing_key) != 0)
			return false;
	return true;
}

struct reload_changes
reload_compare(const struct settings *before, const struct settings *after)
{
	struct reload_changes changes = {.changed = json_array(), .needs_restart = json_array()};

	if (!inputs_equal(before, after)) {
		json_array_append_new(changes.changed, json_string("inputs"));
		changes.restart_roles |= role_mask(RELOAD_PRODUCER);
	}
	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *row = &setting_table[i];
		char name[128];

		if (values_equal(row, before, after))
			continue;
		snprintf(name, sizeof(name), "%s%s%s", row->section,
			 row->section[0] != '\0' ? "." : "", row->name);
		json_array_append_new(changes.changed, json_string(name));
		changes.restart_roles |= role_mask(row->reload);
		if (row->reload == RELOAD_NEVER)
			json_array_append_new(changes.needs_restart, json_string(name));
	}
	return changes;
}

static json_t *
role_names(unsigned role_bits)
{
	json_t *names = json_array();

	for (unsigned role = 0; role < ROLE_COUNT; role++)
		if (role_bits & 1u << role)
			json_array_append_new(names, json_string(role_table[role].name));
	return names;
}

static const char *
join(const json_t *names, char *out, size_t out_size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < json_array_size(names) && used < out_size; i++)
		used += (size_t)snprintf(out + used, out_size - used, "%s%s", i > 0 ? ", " : "",
					 json_string_value(json_array_get(names, i)));
	return out[0] != '\0' ? out : "nothing";
}

static void
apply(struct supervisor *supervisor, const struct settings *before, unsigned restart_roles)
{
	const struct settings *after = supervisor->settings;

	log_configure((enum log_level)after->log.level, (enum log_style)after->log.format);
	pool_set_policy(&supervisor->pool, after);
	/* This first: the children that a larger count starts have the new settings already. */
	pool_renew(&supervisor->pool, restart_roles);
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		enum role_id role = (enum role_id)i;

		if (role_wanted(role, before) != role_wanted(role, after))
			pool_scale(&supervisor->pool, role, role_wanted(role, after));
	}
}

json_t *
reload_settings(struct supervisor *supervisor, struct request_error *error)
{
	struct settings *before = supervisor->settings, *after;
	struct reload_changes changes;
	char changed[1024], restarting[64], needs_restart[256];
	json_t *roles;

	if (supervisor->pool.draining)
		return request_fail(error, EX_UNAVAILABLE, "sluiced is ending");
	if (settings_load(supervisor->settings_path, &after) != 0 ||
	    settings_check_inputs(after) != 0) {
		settings_free(&after);
		log_error("%s is not accepted: the settings stay as they were",
			  supervisor->settings_path);
		return request_fail(error, EX_CONFIG,
				    "%s is not accepted: the settings stay as they were",
				    supervisor->settings_path);
	}
	changes = reload_compare(before, after);
	supervisor->settings = after;
	apply(supervisor, before, changes.restart_roles);
	settings_free(&before);
	roles = role_names(changes.restart_roles);
	log_info("reloaded %s: changed: %s; restarting: %s", supervisor->settings_path,
		 join(changes.changed, changed, sizeof(changed)),
		 join(roles, restarting, sizeof(restarting)));
	if (json_array_size(changes.needs_restart) > 0)
		log_warning("only a restart of sluiced applies: %s",
			    join(changes.needs_restart, needs_restart, sizeof(needs_restart)));
	return json_pack("{s:o, s:o, s:o}", "changed", changes.changed, "restarting", roles,
			 "needs_restart", changes.needs_restart);
}
