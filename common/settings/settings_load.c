/* SPDX-License-Identifier: MIT */
/*
 * settings_load.c - settings from the defaults, a file over them, and the environment over that.
 */
#include "common/settings/settings_load.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/settings/settings_environment.h"
#include "common/settings/settings_loader.h"
#include "common/settings/settings_parse.h"

#include <stdlib.h>
#include <string.h>

/* What no setting can say alone. */
static void
check_together(struct settings_loader *loader)
{
	const struct settings *s = loader->settings;
	static const struct {
		const char *name;
		size_t min_offset, max_offset;
		bool zero_is_off;
	} pairs[] = {
		{"broker.retry_min_ms", offsetof(struct settings, broker.retry_min_ms),
		 offsetof(struct settings, broker.retry_max_ms), false},
		{"database.retry_min_ms", offsetof(struct settings, database.retry_min_ms),
		 offsetof(struct settings, database.retry_max_ms), false},
		{"supervisor.restart_min_ms", offsetof(struct settings, supervisor.restart_min_ms),
		 offsetof(struct settings, supervisor.restart_max_ms), false},
#define STAGE(identifier, section, ...)                                               \
	{#section ".autoscale_min", offsetof(struct settings, section.autoscale_min), \
	 offsetof(struct settings, section.autoscale_max), true},
#include "common/settings/stages.def"
#undef STAGE
	};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		int64_t min, max;

		memcpy(&min, (const char *)s + pairs[i].min_offset, sizeof(min));
		memcpy(&max, (const char *)s + pairs[i].max_offset, sizeof(max));
		if (min > max && !(pairs[i].zero_is_off && max == 0)) {
			log_error("%s: %s is larger than its maximum", s->path, pairs[i].name);
			loader->problems++;
		}
	}
}

/*
 * An input without a format has that of lines whose message names none. Unless somebody has chosen
 * that, it is said: a wrong format turns every line into a dead letter.
 */
static void
complete_formats(struct settings *s)
{
	bool is_chosen = false;
	char name[32];

	for (size_t i = 0; i < setting_count; i++)
		if (setting_table[i].offset == offsetof(struct settings, clean.format))
			is_chosen = s->origins[i].kind != ORIGIN_DEFAULT;

	settings_choice_name(SETTINGS_FORMATS, (int)s->clean.format, name, sizeof(name));
	for (size_t i = 0; i < s->input_count; i++) {
		struct input_settings *input = &s->inputs[i];

		if (input->format[0] != '\0')
			continue;
		free(input->format);
		input->format = xstrdup(name);
		if (!is_chosen)
			log_warning("%s: the input %s names no format: its lines are taken for %s "
				    "(one of " SETTINGS_FORMATS ")",
				    s->path, input->path, name);
	}
}

static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return xstrdup(".");
	return xstrndup(path, slash > path ? (size_t)(slash - path) : 1);
}

/* The file copy, or NULL to read path itself; *socket as in settings_load_or_socket(), or NULL. */
static int
load(const char *copy, const char *path, struct settings **settings, char **socket)
{
	struct settings *s = xcalloc(1, sizeof(*s));
	struct settings_loader loader = {.settings = s};
	char *absolute = realpath(path, NULL);
	bool is_parsed;

	*settings = NULL;
	s->path = absolute != NULL ? absolute : xstrdup(path);
	s->folder = folder_of(s->path);
	s->origins = xcalloc(setting_count, sizeof(*s->origins));
	for (size_t i = 0; i < setting_count; i++)
		settings_loader_set_from_text(&loader,
					      &(struct settings_location){.variable = "(default)"},
					      &setting_table[i], setting_table[i].default_text);
	is_parsed = settings_parse_file(&loader, copy != NULL ? copy : s->path);
	settings_environment_read(&loader);
	if (loader.problems == 0)
		check_together(&loader);
	if (loader.problems > 0) {
		if (socket != NULL && is_parsed)
			*socket = xstrdup(s->supervisor.socket);
		settings_free(&s);
		return -1;
	}
	complete_formats(s);
	*settings = s;
	return 0;
}

int
settings_load(const char *path, struct settings **settings)
{
	return load(NULL, path, settings, NULL);
}

int
settings_load_copy(const char *copy, const char *path, struct settings **settings)
{
	return load(copy, path, settings, NULL);
}

int
settings_load_or_socket(const char *path, struct settings **settings, char **socket)
{
	*socket = NULL;
	return load(NULL, path, settings, socket);
}
