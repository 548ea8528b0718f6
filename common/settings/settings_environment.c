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

void
settings_environment_read(struct settings_loader *loader)
{
	char name[128];

	for (char **entry = environ; *entry != NULL; entry++) {
		size_t len = strcspn(*entry, "=");
		bool known = false;

		if (strncmp(*entry, "SLUICE_", 7) != 0 || len >= sizeof(name))
			continue;
#ifdef SLUICE_FAULTS
		if (strncmp(*entry, "SLUICE_FAULT", 12) == 0)
			continue;
#endif
		for (size_t i = 0; i < setting_count && !known; i++) {
			const struct setting *row = &setting_table[i];
			struct setting_origin *origin = &loader->settings->origins[i];

			variable_name(row, name, sizeof(name));
			known = strlen(name) == len && strncmp(name, *entry, len) == 0;
			if (known) {
				struct settings_location where = {.variable = name};

				free(origin->file);
				*origin = (struct setting_origin){.kind = ORIGIN_ENVIRONMENT};
				settings_loader_set_from_text(loader, &where, row,
							      *entry + len + 1);
			}
		}
		if (!known) {
			snprintf(name, sizeof(name), "%.*s", (int)len, *entry);
			warn_unknown_variable(name);
		}
	}
}
