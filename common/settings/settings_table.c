/* SPDX-License-Identifier: MIT */
/*
 * settings_table.c - the rows of settings.def as data, and what can be printed from them alone.
 */
#include "common/settings/settings.h"

#include <string.h>

const struct setting setting_table[] = {
#define SETTING(section_name, key, kind, field, text, least, most, unit_text, when, help_text) \
	{.section = (section_name),                                                            \
	 .name = (key),                                                                        \
	 .type = SETTING_##kind,                                                               \
	 .offset = offsetof(struct settings, field),                                           \
	 .default_text = (text),                                                               \
	 .min = (least),                                                                       \
	 .max = (most),                                                                        \
	 .unit = (unit_text),                                                                  \
	 .reload = (when),                                                                     \
	 .help = (help_text)},
#include "common/settings/settings.def"
#undef SETTING
};
const size_t setting_count = ARRAY_LEN(setting_table);

const char *
settings_reload_text(enum setting_reload reload)
{
	static const char *const texts[] = {
		[RELOAD_LIVE] = "applied by a reload at once",
		[RELOAD_PRODUCER] = "a reload restarts the producer",
#define STAGE(identifier, section, ...) \
	[RELOAD_##identifier] = "a reload restarts the " #section " workers",
#include "common/settings/stages.def"
#undef STAGE
		[RELOAD_WORKERS] = "a reload restarts the workers",
		[RELOAD_PIPELINE] = "a reload restarts producer and workers",
		[RELOAD_NEVER] = "needs a restart of sluiced",
	};

	return (size_t)reload < ARRAY_LEN(texts) ? texts[reload] : "unknown";
}

const char *
settings_choice_name(const char *choices, int index, char *out, size_t out_size)
{
	for (; index > 0 && choices != NULL; index--) {
		choices = strchr(choices, '|');
		choices = choices != NULL ? choices + 1 : NULL;
	}
	if (choices == NULL)
		choices = "";
	snprintf(out, out_size, "%.*s", (int)strcspn(choices, "|"), choices);
	return out;
}

static void
settings_table_print_range(const struct setting *setting, FILE *out)
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
settings_print_template(FILE *out)
{
	const char *section = "";

	fprintf(out,
		"# Settings of Sluice. Every setting stands here with its default; what is missing "
		"has\n"
		"# its default too. Check a file with `sluiced -t -c FILE`, see what counts with\n"
		"# `sluiced -T -c FILE`. The environment overrides the file: "
		"SLUICE_LAKE_WORKERS=4.\n"
		"# Numbers over 2147483647 need an L behind them; no comma after the last member.\n"
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
		settings_table_print_range(setting, out);
		fprintf(out, "; %s)\n%s%s = ", settings_reload_text(setting->reload), indent,
			setting->name);
		print_default(setting, out);
		fprintf(out, ";\n");
	}
	fprintf(out, "%s", section[0] != '\0' ? "};\n" : "");
}
