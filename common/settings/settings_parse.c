/* SPDX-License-Identifier: MIT */
/*
 * settings_parse.c - the settings file, read by libconfig.
 *
 * libconfig accepts any key, so every key is looked up in the table.
 */
#include "common/settings/settings_parse.h"
#include "common/base/log.h"
#include "common/base/nearest.h"
#include "common/base/xalloc.h"
#include "common/settings/settings_numbers.h"

#include <errno.h>
#include <inttypes.h>
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct settings_location
location_of(const struct settings_loader *loader, const config_setting_t *setting)
{
	const char *file = config_setting_source_file(setting);

	return (struct settings_location){.file = file != NULL ? file : loader->settings->path,
					  .line = (int)config_setting_source_line(setting)};
}

static const char *
type_name(int type)
{
	switch (type) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return "a number";
	case CONFIG_TYPE_FLOAT:
		return "a fraction";
	case CONFIG_TYPE_STRING:
		return "a text";
	case CONFIG_TYPE_BOOL:
		return "true or false";
	case CONFIG_TYPE_ARRAY:
	case CONFIG_TYPE_LIST:
		return "a list";
	case CONFIG_TYPE_GROUP:
		return "a group";
	default:
		return "nothing";
	}
}

static bool
read_list(struct settings_loader *loader, const config_setting_t *from, const struct setting *row)
{
	struct text_list *list = settings_field(loader->settings, row);
	int length = config_setting_length(from);

	text_list_clear(list);
	for (int i = 0; i < length; i++) {
		const char *text = config_setting_get_string_elem(from, i);

		if (text == NULL)
			return false;
		text_list_add(list, text, strlen(text));
	}
	return true;
}

static void
read_whole_number(struct settings_loader *loader, const config_setting_t *from,
		  const struct settings_location *where, const struct setting *row)
{
	const struct settings_number *number = settings_numbers_get(from);
	char name[128];

	if (number == NULL)
		settings_loader_problem(loader, where,
					"the number of %s is not found behind its name: has the "
					"file just changed, or is the number in another one?",
					settings_name(row, name, sizeof(name)));
	else if (number->is_too_large)
		settings_loader_problem(
			loader, where, "%s is out of range: %" PRId64 " to %" PRId64 " %s",
			settings_name(row, name, sizeof(name)), row->min, row->max, row->unit);
	else
		settings_loader_set_number(loader, where, row, number->value);
}

static void
read_value(struct settings_loader *loader, const config_setting_t *from, const struct setting *row)
{
	struct settings_location where = location_of(loader, from);
	struct setting_origin *origin = &loader->settings->origins[row - setting_table];
	const char *wanted = "a text in quotes";
	int type = config_setting_type(from);
	char name[128];
	bool fits = false;

	free(origin->file);
	*origin = (struct setting_origin){
		.kind = ORIGIN_FILE, .file = xstrdup(where.file), .line = where.line};
	switch (row->type) {
	case SETTING_NUMBER:
		wanted = "a whole number";
		fits = type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;
		if (fits)
			read_whole_number(loader, from, &where, row);
		break;
	case SETTING_CHOICE:
		fits = type == CONFIG_TYPE_STRING;
		if (fits)
			settings_loader_set_choice(loader, &where, row,
						   config_setting_get_string(from));
		break;
	case SETTING_TEXT:
	case SETTING_PATH:
		fits = type == CONFIG_TYPE_STRING;
		if (fits)
			settings_loader_set_text(loader, row, config_setting_get_string(from));
		break;
	case SETTING_LIST:
		wanted = "a list of texts in brackets: [ \"...\" ]";
		fits = (type == CONFIG_TYPE_ARRAY || type == CONFIG_TYPE_LIST) &&
		       read_list(loader, from, row);
		if (fits)
			settings_loader_check_list(loader, &where, row);
		break;
	}
	if (!fits)
		settings_loader_problem(loader, &where, "%s is %s; it must be %s",
					settings_name(row, name, sizeof(name)), type_name(type),
					wanted);
}

static const struct setting *
find_setting(const char *section, const char *name)
{
	for (size_t i = 0; i < setting_count; i++)
		if (strcmp(setting_table[i].section, section) == 0 &&
		    strcmp(setting_table[i].name, name) == 0)
			return &setting_table[i];
	return NULL;
}

static bool
section_exists(const char *section)
{
	for (size_t i = 0; i < setting_count; i++)
		if (section[0] != '\0' && strcmp(setting_table[i].section, section) == 0)
			return true;
	return false;
}

static void
unknown_name(struct settings_loader *loader, const config_setting_t *from, const char *section,
	     const char *name)
{
	struct settings_location where = location_of(loader, from);
	struct nearest nearest = {.word = name};
	const char *dot = section[0] != '\0' ? "." : "";

	for (size_t i = 0; i < setting_count; i++) {
		if (strcmp(setting_table[i].section, section) == 0)
			nearest_consider(&nearest, setting_table[i].name);
		else if (section[0] == '\0')
			nearest_consider(&nearest, setting_table[i].section);
	}
	if (section[0] == '\0')
		nearest_consider(&nearest, "inputs");
	if (nearest.best != NULL)
		settings_loader_problem(loader, &where,
					"unknown setting %s%s%s: did you mean %s%s%s?", section,
					dot, name, section, dot, nearest.best);
	else
		settings_loader_problem(loader, &where,
					"unknown setting %s%s%s: `sluiced -T` prints all there are",
					section, dot, name);
}

static void
read_section(struct settings_loader *loader, const config_setting_t *group, const char *section)
{
	struct settings_location where = location_of(loader, group);

	if (config_setting_type(group) != CONFIG_TYPE_GROUP) {
		settings_loader_problem(loader, &where,
					"%s is %s; it must be a group: %s : { ... };", section,
					type_name(config_setting_type(group)), section);
		return;
	}
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *member = config_setting_get_elem(group, (unsigned)i);
		const struct setting *row = find_setting(section, config_setting_name(member));

		if (row != NULL)
			read_value(loader, member, row);
		else
			unknown_name(loader, member, section, config_setting_name(member));
	}
}

/* --- inputs: the one setting that is a list of groups --- */

/* The members of an input. */
static const struct {
	const char *name;
	size_t offset;
	const char *default_text; /* NULL = must be given */
	const char *choices;
} input_members[] = {
	{"path", offsetof(struct input_settings, path), NULL, NULL},
	{"format", offsetof(struct input_settings, format), "",
	 SETTINGS_FORMATS}, /* clean.format */
	{"routing_key", offsetof(struct input_settings, routing_key), "logs", NULL},
};

static void
read_input_member(struct settings_loader *loader, struct input_settings *input,
		  const config_setting_t *member)
{
	struct settings_location where = location_of(loader, member);
	const char *name = config_setting_name(member);
	struct nearest nearest = {.word = name};
	char hint[SETTINGS_HINT_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(input_members); i++) {
		const char *text = config_setting_get_string(member);
		char **field = (char **)(void *)((char *)input + input_members[i].offset);

		nearest_consider(&nearest, input_members[i].name);
		if (strcmp(name, input_members[i].name) != 0)
			continue;
		if (text == NULL)
			settings_loader_problem(loader, &where,
						"%s of an input is %s; it must be a text in quotes",
						name, type_name(config_setting_type(member)));
		else if (input_members[i].choices != NULL &&
			 settings_loader_find_choice(input_members[i].choices, text, hint) < 0)
			settings_loader_problem(loader, &where,
						"%s \"%s\" of an input is none of %s%s", name, text,
						input_members[i].choices, hint);
		else if (text[0] == '\0')
			settings_loader_problem(loader, &where, "%s of an input is empty", name);
		else if (strlen(text) > 255 && strcmp(name, "routing_key") == 0)
			settings_loader_problem(loader, &where,
						"routing_key of an input is longer than 255 bytes");
		else if (*field == NULL)
			*field = strcmp(name, "path") == 0 && text[0] != '/'
					 ? xasprintf("%s/%s", loader->settings->folder, text)
					 : xstrdup(text);
		return;
	}
	settings_loader_problem(loader, &where, "unknown setting %s in an input%s%s%s", name,
				nearest.best != NULL ? ": did you mean " : "",
				nearest.best != NULL ? nearest.best : "",
				nearest.best != NULL ? "?" : "");
}

static void
read_input(struct settings_loader *loader, const config_setting_t *group)
{
	struct settings *settings = loader->settings;
	struct settings_location where = location_of(loader, group);
	struct input_settings *input;

	if (config_setting_type(group) != CONFIG_TYPE_GROUP) {
		settings_loader_problem(loader, &where,
					"an input must be a group: { path = \"...\"; }");
		return;
	}
	settings->inputs = xreallocarray(settings->inputs, settings->input_count + 1,
					 sizeof(*settings->inputs));
	input = &settings->inputs[settings->input_count++];
	*input = (struct input_settings){0};
	for (int i = 0; i < config_setting_length(group); i++)
		read_input_member(loader, input, config_setting_get_elem(group, (unsigned)i));
	for (size_t i = 0; i < ARRAY_LEN(input_members); i++) {
		char **field = (char **)(void *)((char *)input + input_members[i].offset);

		if (*field == NULL && input_members[i].default_text == NULL &&
		    loader->problems == 0)
			settings_loader_problem(loader, &where, "an input needs a %s",
						input_members[i].name);
		if (*field == NULL)
			*field = xstrdup(input_members[i].default_text != NULL
						 ? input_members[i].default_text
						 : "");
	}
}

static void
read_inputs(struct settings_loader *loader, const config_setting_t *list)
{
	struct settings_location where = location_of(loader, list);

	if (config_setting_type(list) != CONFIG_TYPE_LIST) {
		settings_loader_problem(loader, &where,
					"inputs must be a list: inputs = ( { path = \"...\"; } );");
		return;
	}
	for (int i = 0; i < config_setting_length(list); i++)
		read_input(loader, config_setting_get_elem(list, (unsigned)i));
}

static void
read_root(struct settings_loader *loader, const config_setting_t *root)
{
	for (int i = 0; i < config_setting_length(root); i++) {
		const config_setting_t *member = config_setting_get_elem(root, (unsigned)i);
		const char *name = config_setting_name(member);
		const struct setting *row = find_setting("", name);

		if (strcmp(name, "inputs") == 0)
			read_inputs(loader, member);
		else if (row != NULL)
			read_value(loader, member, row);
		else if (section_exists(name))
			read_section(loader, member, name);
		else
			unknown_name(loader, member, "", name);
	}
}

/*
 * The name of the last setting that begins on this line: the duplicate is found behind its value, or
 * behind what follows it. False when there is none.
 */
static bool
name_on_line(const struct settings_location *where, char *name, size_t size)
{
	FILE *file = fopen(where->file, "re");
	char *line = NULL;
	size_t room = 0;
	bool found = false;

	for (unsigned i = 0; file != NULL && i < (unsigned)where->line; i++)
		if (getline(&line, &room, file) < 0)
			break;
	for (const char *at = line; file != NULL && at != NULL && *at != '\0';) {
		size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyz_");
		size_t blanks = strspn(at + len, " \t");

		if (len > 0 && (at[len + blanks] == '=' || at[len + blanks] == ':')) {
			snprintf(name, size, "%.*s", (int)len, at);
			found = true;
		}
		at += MAX(len, (size_t)1);
	}
	if (file != NULL)
		fclose(file);
	free(line);
	return found;
}

/* libconfig knows where it is; of a file that cannot be included it knows no more. */
static void
note_syntax_error(struct settings_loader *loader, const config_t *config, const char *path)
{
	const char *file = config_error_file(config), *text = config_error_text(config);
	struct settings_location where = {.file = file != NULL ? file : path,
					  .line = config_error_line(config)};
	char name[64];

	if (strstr(text, "open include") != NULL)
		settings_loader_problem(
			loader, &where,
			"%s: is it there, and readable? A relative name is looked for in %s", text,
			loader->settings->folder);
	else if (strstr(text, "include") != NULL)
		settings_loader_problem(loader, &where, "%s: does a file include itself?", text);
	else if (strstr(text, "duplicate") != NULL && name_on_line(&where, name, sizeof(name)))
		settings_loader_problem(loader, &where,
					"\"%s\" stands twice in its section: remove one of them",
					name);
	else
		settings_loader_problem(
			loader, &where,
			"%s (look for a missing \";\" or quote above, or a comma after a last member)",
			text);
}

/* All of a file, in new memory. Returns NULL, or why not. */
static const char *
read_text(const char *path, char **text)
{
	FILE *file = fopen(path, "re");
	const char *error = NULL;
	size_t size = 0;
	ssize_t len;

	*text = NULL;
	if (file == NULL)
		return strerror(errno);
	len = getdelim(text, &size, '\0', file);
	if (ferror(file)) {
		error = strerror(errno); /* a folder can be opened; only reading it fails */
	} else if (len > 0 && (*text)[len - 1] == '\0') {
		error = "there is a NUL byte in it";
	} else if (len < 0) { /* an empty file */
		free(*text);
		*text = xstrdup("");
	}
	fclose(file);
	return error;
}

bool
settings_parse_file(struct settings_loader *loader, const char *path)
{
	struct settings_numbers *numbers;
	char *text;
	const char *error = read_text(path, &text);
	config_t config;
	bool is_parsed = false;

	config_init(&config);
	config_set_include_dir(&config, loader->settings->folder);
	if (error != NULL) {
		log_error("cannot read the settings file %s: %s", path, error);
		loader->problems++;
	} else if (config_read_string(&config, text) != CONFIG_TRUE) {
		note_syntax_error(loader, &config, path);
	} else {
		is_parsed = true;
		numbers = settings_numbers_new(config_root_setting(&config), text,
					       loader->settings->folder);
		read_root(loader, config_root_setting(&config));
		settings_numbers_free(&numbers);
	}
	config_destroy(&config);
	free(text);
	return is_parsed;
}
