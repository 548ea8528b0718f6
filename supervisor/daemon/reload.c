/* SPDX-License-Identifier: MIT */
/*
 * reload.c - which settings have changed, and what that means for whom.
 */
#include "supervisor/daemon/reload.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "supervisor/daemon/operate.h"
#include "common/settings/settings_load.h"
#include "common/settings/settings_print.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

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

static json_t *
setting_json(const struct settings *settings, const struct setting *row)
{
	char *text = settings_value_text(settings, row);
	json_t *json = request_text(text);

	free(text);
	return json;
}

static json_t *
origin_json(const struct settings *settings, const struct setting *row)
{
	char text[512];

	return request_text(
		settings_origin_text(&settings->origins[row - setting_table], text, sizeof(text)));
}

static json_t *
detail_json(const struct setting *row, const char *name, const struct settings *before,
	    const struct settings *after)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:s}", "name", name, "from",
			 setting_json(before, row), "to", setting_json(after, row), "from_origin",
			 origin_json(before, row), "to_origin", origin_json(after, row), "effect",
			 settings_reload_text(row->reload));
}

static json_t *
input_detail_json(const char *from, const char *to)
{
	return json_pack("{s:s, s:o, s:o, s:s, s:s, s:s}", "name", "inputs", "from",
			 request_text(from), "to", request_text(to), "from_origin", "", "to_origin",
			 "", "effect", settings_reload_text(RELOAD_PRODUCER));
}

static json_t *
input_json(const struct input_settings *from, const struct input_settings *to)
{
	char *before = from != NULL ? settings_input_text(from) : xstrdup("(none)");
	char *after = to != NULL ? settings_input_text(to) : xstrdup("(none)");
	json_t *detail = NULL;

	if (strcmp(before, after) != 0)
		detail = input_detail_json(before, after);
	free(before);
	free(after);
	return detail;
}

/* The input of that path; the n-th of it, since a path may be there twice. */
static const struct input_settings *
find_input(const struct settings *settings, const char *path, size_t n)
{
	for (size_t i = 0; i < settings->input_count; i++)
		if (strcmp(settings->inputs[i].path, path) == 0 && n-- == 0)
			return &settings->inputs[i];
	return NULL;
}

static size_t
count_before(const struct settings *settings, size_t index)
{
	size_t count = 0;

	for (size_t i = 0; i < index; i++)
		count += strcmp(settings->inputs[i].path, settings->inputs[index].path) == 0;
	return count;
}

/* A detail for each input that is another, gone or new. */
static void
compare_inputs(const struct settings *before, const struct settings *after, json_t *details)
{
	size_t known = json_array_size(details);

	for (size_t i = 0; i < before->input_count; i++) {
		const struct input_settings *input = &before->inputs[i];
		json_t *detail =
			input_json(input, find_input(after, input->path, count_before(before, i)));

		if (detail != NULL)
			json_array_append_new(details, detail);
	}
	for (size_t i = 0; i < after->input_count; i++) {
		const struct input_settings *input = &after->inputs[i];

		if (find_input(before, input->path, count_before(after, i)) == NULL)
			json_array_append_new(details, input_json(NULL, input));
	}
	if (json_array_size(details) == known)
		json_array_append_new(details,
				      input_detail_json("(the same)", "(in another order)"));
}

struct reload_changes
reload_compare(const struct settings *before, const struct settings *after)
{
	struct reload_changes changes = {
		.changed = json_array(), .details = json_array(), .needs_restart = json_array()};

	if (!inputs_equal(before, after)) {
		json_array_append_new(changes.changed, json_string("inputs"));
		compare_inputs(before, after, changes.details);
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
		json_array_append_new(changes.details, detail_json(row, name, before, after));
		changes.restart_roles |= role_mask(row->reload);
		if (row->reload == RELOAD_NEVER)
			json_array_append_new(changes.needs_restart, json_string(name));
	}
	return changes;
}

void
reload_clear(struct reload_changes *changes)
{
	json_decref(changes->changed);
	json_decref(changes->details);
	json_decref(changes->needs_restart);
	*changes = (struct reload_changes){.restart_roles = 0};
}

/* A file of the same name with another password in it. */
static void
compare_passwords(const struct supervisor *supervisor, const struct settings *after,
		  const struct passwords *now, struct reload_changes *changes)
{
	for (unsigned i = 0; i < PASSWORD_COUNT; i++) {
		const struct setting *row = passwords_row(i);
		json_t *detail;
		char name[128];

		if (!passwords_differ(&supervisor->passwords, now, i) ||
		    !values_equal(row, supervisor->settings, after))
			continue;
		settings_name(row, name, sizeof(name));
		detail = detail_json(row, name, supervisor->settings, after);
		json_object_set_new(detail, "from", json_string("(the password before)"));
		json_object_set_new(detail, "to", json_string("(another password in it)"));
		json_array_append_new(changes->changed, json_string(name));
		json_array_append_new(changes->details, detail);
		changes->restart_roles |= role_mask(row->reload);
	}
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

static void
join_names(const json_t *names, char *out, size_t out_size)
{
	size_t used = 0;

	snprintf(out, out_size, "nothing");
	for (size_t i = 0; i < json_array_size(names) && used < out_size; i++)
		used += (size_t)snprintf(out + used, out_size - used, "%s%s", i > 0 ? ", " : "",
					 json_string_value(json_array_get(names, i)));
}

static void
reload_apply(struct supervisor *supervisor, const struct settings *before, unsigned restart_roles)
{
	const struct settings *after = supervisor->settings;

	log_configure((enum log_level)after->log.level, (enum log_style)after->log.format);
	pool_set_policy(&supervisor->pool, after);
	/* This first: the children that a larger count starts have the new settings already. */
	operate_renew(&supervisor->pool, restart_roles);
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		enum role_id role = (enum role_id)i;

		if (role_wanted(role, before) != role_wanted(role, after))
			pool_scale(&supervisor->pool, role, role_wanted(role, after));
	}
}

/* A failure to read a file is then no word against the file. */
static bool
is_out_of_descriptors(void)
{
	int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd < 0;
}

/*
 * Read and check the file; NULL with the error filled, all problems in it, when it is not accepted
 * or cannot be read.
 */
static struct settings *
reload_load(struct supervisor *supervisor, struct request_error *error)
{
	struct settings *settings;
	char problems[1400];
	bool accepted;

	log_capture(problems, sizeof(problems));
	accepted = settings_load(supervisor->settings_path, &settings) == 0 &&
		   settings_check_inputs(settings) == 0;
	log_capture(NULL, 0);
	if (accepted)
		return settings;
	settings_free(&settings);
	if (is_out_of_descriptors())
		request_fail(error, EX_OSERR,
			     "%ssluiced has no descriptor free (ulimit -n, LimitNOFILE=): the "
			     "settings stay as they were",
			     problems);
	else
		request_fail(error, EX_CONFIG,
			     "%s%s is not accepted: the settings stay as they were", problems,
			     supervisor->settings_path);
	return NULL;
}

static json_t *
reload_answer(struct reload_changes *changes, bool applied)
{
	return json_pack("{s:b, s:o, s:o, s:o, s:o}", "applied", (int)applied, "changed",
			 changes->changed, "changes", changes->details, "restarting",
			 role_names(changes->restart_roles), "needs_restart",
			 changes->needs_restart);
}

json_t *
reload_preview(struct supervisor *supervisor, struct request_error *error)
{
	struct settings *after = reload_load(supervisor, error);
	struct reload_changes changes;
	struct passwords now;

	if (after == NULL)
		return NULL;
	now = passwords_read(after);
	changes = reload_compare(supervisor->settings, after);
	compare_passwords(supervisor, after, &now, &changes);
	settings_free(&after);
	return reload_answer(&changes, false);
}

/* What has changed is in the log and among the events. */
static void
reload_tell(struct supervisor *supervisor, const struct reload_changes *changes)
{
	char changed[256], restarting[64], needs_restart[256];
	json_t *roles = role_names(changes->restart_roles);

	join_names(changes->changed, changed, sizeof(changed));
	join_names(roles, restarting, sizeof(restarting));
	log_info("reloaded %s: changed: %s; restarting: %s", supervisor->settings_path, changed,
		 restarting);
	events_add(&supervisor->pool.events, EVENT_RELOAD, "sluiced", supervisor->pool.actor,
		   "changed: %s; restarting: %s", changed, restarting);
	join_names(changes->needs_restart, needs_restart, sizeof(needs_restart));
	if (json_array_size(changes->needs_restart) > 0)
		log_warning("only a restart of sluiced applies: %s", needs_restart);
	json_decref(roles);
}

/* The last line of error is what follows, those before it have been logged. Returns NULL. */
static json_t *
reload_refuse(struct supervisor *supervisor, const struct request_error *error)
{
	const char *last = strrchr(error->text, '\n');
	char *line = xstrdup(error->text);

	log_error("%s", last != NULL ? last + 1 : error->text);
	for (char *p = line; (p = strchr(p, '\n')) != NULL;)
		*p = ';';
	events_add(&supervisor->pool.events, EVENT_REFUSED, "sluiced", supervisor->pool.actor, "%s",
		   line);
	free(line);
	return NULL;
}

/*
 * What only a restart applies stays as it was, for children that are started later too: a producer
 * must not look for its checkpoint in another folder than its predecessor left it in. Done twice,
 * nothing has changed.
 */
static void
exchange_unchangeable(struct settings *before, struct settings *after)
{
	static const size_t sizes[] = {
		[SETTING_NUMBER] = sizeof(int64_t), [SETTING_TEXT] = sizeof(char *),
		[SETTING_PATH] = sizeof(char *),    [SETTING_LIST] = sizeof(struct text_list),
		[SETTING_CHOICE] = sizeof(int),
	};

	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *row = &setting_table[i];
		char *old = (char *)before + row->offset, *new = (char *)after + row->offset;
		struct setting_origin origin = before->origins[i];
		char value[sizeof(struct text_list)];

		if (row->reload != RELOAD_NEVER)
			continue;
		memcpy(value, old, sizes[row->type]);
		memcpy(old, new, sizes[row->type]);
		memcpy(new, value, sizes[row->type]);
		before->origins[i] = after->origins[i];
		after->origins[i] = origin;
	}
}

json_t *
reload_settings(struct supervisor *supervisor, struct request_error *error)
{
	struct settings *before = supervisor->settings, *after;
	struct reload_changes changes;
	struct passwords now;
	char why[256];

	if (supervisor->pool.draining)
		return request_fail(error, EX_UNAVAILABLE, "sluiced is ending");
	after = reload_load(supervisor, error);
	if (after == NULL)
		return reload_refuse(supervisor, error);
	now = passwords_read(after);
	changes = reload_compare(before, after);
	compare_passwords(supervisor, after, &now, &changes);
	exchange_unchangeable(before, after);
	if (spawner_set_settings(&supervisor->spawner, after, why, sizeof(why)) != 0) {
		exchange_unchangeable(before, after);
		settings_free(&after);
		reload_clear(&changes);
		request_fail(error, EX_OSERR, "%s: the settings stay as they were", why);
		return reload_refuse(supervisor, error);
	}
	supervisor->settings = after;
	passwords_update(&supervisor->passwords, &now);
	reload_tell(supervisor, &changes);
	reload_apply(supervisor, before, changes.restart_roles);
	settings_free(&before);
	return reload_answer(&changes, true);
}
