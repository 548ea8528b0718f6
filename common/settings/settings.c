/* SPDX-License-Identifier: MIT */
/*
 * settings.c - the rows of settings.def as data, and the memory of struct settings.
 */
#include "common/settings/settings.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char settings_default_path[] = SLUICE_SYSCONFDIR "/sluice.conf";

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

void *
settings_field(struct settings *settings, const struct setting *row)
{
	return (char *)settings + row->offset;
}

const void *
settings_value(const struct settings *settings, const struct setting *row)
{
	return (const char *)settings + row->offset;
}

const char *
settings_name(const struct setting *row, char *out, size_t out_size)
{
	snprintf(out, out_size, "%s%s%s", row->section, row->section[0] != '\0' ? "." : "",
		 row->name);
	return out;
}

int
settings_check_inputs(const struct settings *settings)
{
	if (settings->producer.count == 0 || settings->input_count > 0 ||
	    settings->events.count > 0)
		return 0;
	log_error("%s: no inputs: the producer has nothing to read. Add inputs = ( { path = "
		  "\"...\"; } ); or, on a host that runs workers only, producer : { count = 0; };",
		  settings->path);
	return -1;
}

void
text_list_clear(struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct text_list){0};
}

void
text_list_add(struct text_list *list, const char *text, size_t len)
{
	list->items = xreallocarray(list->items, list->count + 1, sizeof(*list->items));
	list->items[list->count++] = xstrndup(text, len);
}

void
settings_free(struct settings **settings)
{
	struct settings *s = *settings;

	if (s == NULL)
		return;
	for (size_t i = 0; i < setting_count; i++) {
		enum setting_type type = setting_table[i].type;

		free(s->origins[i].file);
		if (type == SETTING_LIST)
			text_list_clear(settings_field(s, &setting_table[i]));
		else if (type == SETTING_TEXT || type == SETTING_PATH)
			free(*(char **)settings_field(s, &setting_table[i]));
	}
	for (size_t i = 0; i < s->input_count; i++) {
		free(s->inputs[i].path);
		free(s->inputs[i].format);
		free(s->inputs[i].routing_key);
	}
	free(s->inputs);
	free(s->origins);
	free(s->folder);
	free(s->path);
	free(s);
	*settings = NULL;
}
