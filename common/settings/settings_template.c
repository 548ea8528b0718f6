/* SPDX-License-Identifier: MIT */
/*
 * settings_template.c - the commented settings file, from the table of settings.
 */
#include "common/settings/settings_template.h"

#include "common/settings/settings.h"

#include <string.h>

static void
print_range(const struct setting *setting, FILE *out)
{
	switch (setting->type) {
	case SETTING_NUMBER:
		fprintf(out, "%s, %lld to %lld", setting->unit, (long long)setting->min,
			(long long)setting->max);
		break;
	case SETTING_CHOICE:
		fprintf(out, "%s", setting->unit);
		break;
	case SETTING_LIST:
		fprintf(out, "list of %s", setting->unit);
		break;
	case SETTING_PATH:
		fprintf(out, "path");
		break;
	case SETTING_TEXT:
		fprintf(out, "text");
		break;
	}
}

/*
 * A default as it is written in a settings file: numbers bare, lists in brackets, the rest quoted.
 */
static void
print_default(const struct setting *setting, FILE *out)
{
	const char *text = setting->default_text;

	if (setting->type == SETTING_NUMBER)
		fprintf(out, "%s", text);
	else if (setting->type == SETTING_LIST)
		fprintf(out, text[0] != '\0' ? "[ \"%s\" ]" : "[ ]", text);
	else
		fprintf(out, "\"%s\"", text);
}

void
settings_template_print(FILE *out)
{
	const char *section = "";

	fprintf(out,
		"# Settings of Sluice. Every setting stands here with its default; what is missing "
		"has\n"
		"# its default too. Check a file with `sluiced -t -c FILE`, see what counts with\n"
		"# `sluiced -T -c FILE`. The environment overrides the file: "
		"SLUICE_LAKE_WORKERS=4.\n"
		"# No comma after the last member of a list.\n"
		"\n"
		"# Files to read. path: a file or a pattern; format: %s; routing_key: \"logs\"\n"
		"# unless an administrator routes otherwise. (a reload restarts the producer)\n"
		"inputs = (\n"
		"  { path = \"/var/log/ezproxy/*.log\"; format = \"ezproxy\"; routing_key = "
		"\"logs\"; }\n"
		");\n",
		SETTINGS_FORMATS);
	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *setting = &setting_table[i];
		const char *indent = setting->section[0] != '\0' ? "  " : "";

		if (strcmp(section, setting->section) != 0) {
			fprintf(out, "%s\n%s : {\n", section[0] != '\0' ? "};\n" : "",
				setting->section);
			section = setting->section;
		} else {
			fprintf(out, "\n");
		}
		fprintf(out, "%s# %s\n%s# (", indent, setting->help, indent);
		print_range(setting, out);
		fprintf(out, "; %s)\n%s%s = ", settings_reload_text(setting->reload), indent,
			setting->name);
		print_default(setting, out);
		fprintf(out, ";\n");
	}
	fprintf(out, "%s", section[0] != '\0' ? "};\n" : "");
}
