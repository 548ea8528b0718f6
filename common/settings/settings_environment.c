/* SPDX-License-Identifier: MIT */
/*
 * settings_environment.c - the environment over the settings file.
 */
#include "common/settings/settings_environment.h"
#include "common/base/log.h"
#include "common/base/nearest.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static void
variable_name(const struct setting *row, char *out, size_t out_size)
{
	snprintf(out, out_size, "SLUICE_%s%s%s", row->section, row->section[0] != '\0' ? "_" : "",
		 row->name);
	for (char *p = out; *p != '\0'; p++)
		*p = (char)toupper((unsigned char)*p);
}

static void
warn_unknown_variable(const char *variable)
{
	struct nearest nearest = {.word = variable};
	char name[128], best[128] = "";

	for (size_t i = 0; i < setting_count; i++) {
		variable_name(&setting_table[i], name, sizeof(name));
		if (nearest_consider(&nearest, name))
			snprintf(best, sizeof(best), "%s", name);
	}
	if (best[0] != '\0')
		log_warning(
			"environment variable %s is no setting and is ignored: did you mean %s?",
			variable, best);
}

static const struct setting *
find_by_variable(const char *variable)
{
	char name[128];

	for (size_t i = 0; i < setting_count; i++) {
		variable_name(&setting_table[i], name, sizeof(name));
		if (strcmp(name, variable) == 0)
			return &setting_table[i];
	}
	return NULL;
}

void
settings_environment_read(struct settings_loader *loader)
{
	for (char **entry = environ; *entry != NULL; entry++) {
		size_t len = strcspn(*entry, "=");
		char name[128];
		struct settings_location where = {.variable = name};
		struct setting_origin *origin;
		const struct setting *row;

		if (strncmp(*entry, "SLUICE_", 7) != 0 || len >= sizeof(name))
			continue;
#ifdef SLUICE_FAULTS
		if (strncmp(*entry, "SLUICE_FAULT", 12) == 0)
			continue;
#endif
		snprintf(name, sizeof(name), "%.*s", (int)len, *entry);
		row = find_by_variable(name);
		if (row == NULL) {
			warn_unknown_variable(name);
			continue;
		}
		origin = &loader->settings->origins[row - setting_table];
		free(origin->file);
		*origin = (struct setting_origin){.kind = ORIGIN_ENVIRONMENT};
		settings_loader_set_from_text(loader, &where, row, *entry + len + 1);
	}
}
