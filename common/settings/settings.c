/* SPDX-License-Identifier: MIT */
/*
 * settings.c - settings file and environment into struct settings; the only file that knows
 * libconfig.
 *
 * libconfig 1.5 accepts any key and wraps integers that do not fit silently, so every key is looked
 * up in the table and every number is read a second time from the text of its line.
 */
#include "common/settings/settings.h"
#include "common/base/host.h"
#include "common/base/log.h"
#include "common/base/nearest.h"
#include "common/base/xalloc.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <libconfig.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

struct loader {
	struct settings *settings;
	const char *source; /* the file that is really read */
	unsigned problems;
	bool is_parsed;
};

/* Where a value stands, for messages: "sluice.conf:12: " or "environment: ". */
struct place {
	const char *file; /* NULL = environment or default */
	int line;
	const char *variable;
};

static void problem(struct loader *loader, const struct place *place, const char *format, ...)
	PRINTF_LIKE(3, 4);

static void
problem(struct loader *loader, const struct place *place, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (place->file != NULL)
		log_error("%s:%d: %s", place->file, place->line, text);
	else
		log_error("environment variable %s: %s", place->variable, text);
	loader->problems++;
}

static struct place
settings_place_of(const struct loader *loader, const config_setting_t *setting)
{
	const char *file = config_setting_source_file(setting);

	return (struct place){.file = file != NULL ? file : loader->settings->path,
			      .line = (int)config_setting_source_line(setting)};
}

static const char *
full_name(const struct setting *row, char *out, size_t out_size)
{
	snprintf(out, out_size, "%s%s%s", row->section, row->section[0] != '\0' ? "." : "",
		 row->name);
	return out;
}

/* --- storing one value, whatever it came from --- */

static void *
field_of(struct settings *settings, const struct setting *row)
{
	return (char *)settings + row->offset;
}

static void
text_list_clear(struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct text_list){0};
}

static void
text_list_add(struct text_list *list, const char *text, size_t len)
{
	list->items = xreallocarray(list->items, list->count + 1, sizeof(*list->items));
	list->items[list->count++] = xstrndup(text, len);
}

static void
store_number(struct loader *loader, const struct place *place, const struct setting *row,
	     int64_t value)
{
	char name[128];

	if (value < row->min || value > row->max) {
		problem(loader, place,
			"%s = %" PRId64 " is out of range: %" PRId64 " to %" PRId64 " %s",
			full_name(row, name, sizeof(name)), value, row->min, row->max, row->unit);
		return;
	}
	*(int64_t *)field_of(loader->settings, row) = value;
}

enum { CHOICE_HINT_SIZE = 96 };

/* The index of a choice; -1 = it is none, and hint gets ": did you mean ...?" or "". */
static int
find_choice(const char *choices, const char *text, char hint[CHOICE_HINT_SIZE])
{
	struct nearest nearest = {.word = text};
	char choice[64];

	hint[0] = '\0';
	for (int i = 0;; i++) {
		settings_choice_name(choices, i, choice, sizeof(choice));
		if (choice[0] == '\0')
			return -1;
		if (strcmp(choice, text) == 0)
			return i;
		if (nearest_consider(&nearest, choice))
			snprintf(hint, CHOICE_HINT_SIZE, ": did you mean \"%s\"?", choice);
	}
}

static void
store_choice(struct loader *loader, const struct place *place, const struct setting *row,
	     const char *text)
{
	char name[128], hint[CHOICE_HINT_SIZE];
	int choice = find_choice(row->unit, text, hint);

	if (choice >= 0)
		*(int *)field_of(loader->settings, row) = choice;
	else
		problem(loader, place, "%s = \"%s\" is none of %s%s",
			full_name(row, name, sizeof(name)), text, row->unit, hint);
}

static void
store_text(struct loader *loader, const struct setting *row, const char *text)
{
	char **field = field_of(loader->settings, row);

	free(*field);
	if (row->type == SETTING_PATH && text[0] != '/' && text[0] != '\0')
		*field = xasprintf("%s/%s", loader->settings->folder, text);
	else
		*field = xstrdup(text);
}

/* The lists whose members are addresses. */
static const struct {
	size_t offset;
	bool socket_too;
} host_lists[] = {
	{offsetof(struct settings, broker.hosts), false},
	{offsetof(struct settings, database.hosts), true},
};

static void
check_hosts(struct loader *loader, const struct place *place, const struct setting *row,
	    bool socket_too)
{
	const struct text_list *list = field_of(loader->settings, row);
	char name[128];

	for (size_t i = 0; i < list->count; i++)
		if (!host_is_address(list->items[i], socket_too))
			problem(loader, place,
				"%s: \"%s\" is not %s (a port is 1 to 65535; an IPv6 address "
				"stands in brackets: \"[::1]:%s\")",
				full_name(row, name, sizeof(name)), list->items[i], row->unit,
				strrchr(row->default_text, ':') + 1);
}

static void
check_list(struct loader *loader, const struct place *place, const struct setting *row)
{
	const struct text_list *list = field_of(loader->settings, row);
	char name[128];

	if ((int64_t)list->count < row->min || (int64_t)list->count > row->max)
		problem(loader, place, "%s has %zu members; it needs %" PRId64 " to %" PRId64,
			full_name(row, name, sizeof(name)), list->count, row->min, row->max);
	for (size_t i = 0; i < ARRAY_LEN(host_lists); i++)
		if (host_lists[i].offset == row->offset)
			check_hosts(loader, place, row, host_lists[i].socket_too);
}

/* From a default or the environment: text, members of a list separated by commas. */
static void
store_from_text(struct loader *loader, const struct place *place, const struct setting *row,
		const char *text)
{
	struct text_list *list;
	char name[128], *end;
	long long number;

	switch (row->type) {
	case SETTING_NUMBER:
		errno = 0;
		number = strtoll(text, &end, 10);
		if (end == text || *end != '\0' || errno != 0)
			problem(loader, place, "%s = \"%s\" is not a whole number",
				full_name(row, name, sizeof(name)), text);
		else
			store_number(loader, place, row, number);
		break;
	case SETTING_CHOICE:
		store_choice(loader, place, row, text);
		break;
	case SETTING_TEXT:
	case SETTING_PATH:
		store_text(loader, row, text);
		break;
	case SETTING_LIST:
		list = field_of(loader->settings, row);
		text_list_clear(list);
		for (const char *p = text; *p != '\0'; p += *p == ',' ? 1 : 0) {
			size_t len = strcspn(p, ",");

			text_list_add(list, p, len);
			p += len;
		}
		check_list(loader, place, row);
		break;
	}
}

/* --- the file --- */

/*
 * libconfig gives 3000000000 as -1294967296 and 4294967300 as 4: compare with the digits that stand
 * behind "name =" on the line. Returns false when the two differ.
 */
static bool
number_is_as_written(const struct place *place, const char *name, long long value)
{
	FILE *file = fopen(place->file, "re");
	char line[1024];
	bool same = true;

	for (int number = 1; file != NULL && fgets(line, sizeof(line), file) != NULL; number++) {
		char *at, *end;
		long long written;

		if (number < place->line)
			continue;
		at = strstr(line, name);
		if (at == NULL)
			break;
		at += strlen(name);
		at += strspn(at, " \t=:");
		errno = 0;
		written = strtoll(at, &end, 0);
		if (end != at)
			same = errno == 0 && written == value;
		break;
	}
	if (file != NULL)
		fclose(file);
	return same;
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
read_list(struct loader *loader, const config_setting_t *from, const struct setting *row)
{
	struct text_list *list = field_of(loader->settings, row);
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
read_value(struct loader *loader, const config_setting_t *from, const struct setting *row)
{
	struct place place = settings_place_of(loader, from);
	struct setting_origin *origin = &loader->settings->origins[row - setting_table];
	const char *wanted = "a text in quotes";
	int type = config_setting_type(from);
	char name[128];
	bool fits = false;

	free(origin->file);
	*origin = (struct setting_origin){
		.kind = ORIGIN_FILE, .file = xstrdup(place.file), .line = place.line};
	switch (row->type) {
	case SETTING_NUMBER:
		wanted = "a whole number";
		fits = type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;
		if (fits &&
		    !number_is_as_written(&place, row->name, config_setting_get_int64(from)))
			problem(loader, &place,
				"%s is too large for a bare number: write an L behind it",
				full_name(row, name, sizeof(name)));
		else if (fits)
			store_number(loader, &place, row, config_setting_get_int64(from));
		break;
	case SETTING_CHOICE:
		fits = type == CONFIG_TYPE_STRING;
		if (fits)
			store_choice(loader, &place, row, config_setting_get_string(from));
		break;
	case SETTING_TEXT:
	case SETTING_PATH:
		fits = type == CONFIG_TYPE_STRING;
		if (fits)
			store_text(loader, row, config_setting_get_string(from));
		break;
	case SETTING_LIST:
		wanted = "a list of texts in brackets: [ \"...\" ]";
		fits = (type == CONFIG_TYPE_ARRAY || type == CONFIG_TYPE_LIST) &&
		       read_list(loader, from, row);
		if (fits)
			check_list(loader, &place, row);
		break;
	}
	if (!fits)
		problem(loader, &place, "%s is %s; it must be %s",
			full_name(row, name, sizeof(name)), type_name(type), wanted);
}

static const struct setting *
settings_find_row(const char *section, const char *name)
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
unknown_name(struct loader *loader, const config_setting_t *from, const char *section,
	     const char *name)
{
	struct place place = settings_place_of(loader, from);
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
		problem(loader, &place, "unknown setting %s%s%s: did you mean %s%s%s?", section,
			dot, name, section, dot, nearest.best);
	else
		problem(loader, &place, "unknown setting %s%s%s: `sluiced -T` prints all there are",
			section, dot, name);
}

static void
read_section(struct loader *loader, const config_setting_t *group, const char *section)
{
	struct place place = settings_place_of(loader, group);

	if (config_setting_type(group) != CONFIG_TYPE_GROUP) {
		problem(loader, &place, "%s is %s; it must be a group: %s : { ... };", section,
			type_name(config_setting_type(group)), section);
		return;
	}
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *member = config_setting_get_elem(group, (unsigned)i);
		const struct setting *row = settings_find_row(section, config_setting_name(member));

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
	{"format", offsetof(struct input_settings, format), "ezproxy", SETTINGS_FORMATS},
	{"routing_key", offsetof(struct input_settings, routing_key), "logs", NULL},
};

static void
read_input_member(struct loader *loader, struct input_settings *input,
		  const config_setting_t *member)
{
	struct place place = settings_place_of(loader, member);
	const char *name = config_setting_name(member);
	struct nearest nearest = {.word = name};
	char hint[CHOICE_HINT_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(input_members); i++) {
		const char *text = config_setting_get_string(member);
		char **field = (char **)(void *)((char *)input + input_members[i].offset);

		nearest_consider(&nearest, input_members[i].name);
		if (strcmp(name, input_members[i].name) != 0)
			continue;
		if (text == NULL)
			problem(loader, &place, "%s of an input is %s; it must be a text in quotes",
				name, type_name(config_setting_type(member)));
		else if (input_members[i].choices != NULL &&
			 find_choice(input_members[i].choices, text, hint) < 0)
			problem(loader, &place, "%s \"%s\" of an input is none of %s%s", name, text,
				input_members[i].choices, hint);
		else if (text[0] == '\0')
			problem(loader, &place, "%s of an input is empty", name);
		else if (strlen(text) > 255 && strcmp(name, "routing_key") == 0)
			problem(loader, &place, "routing_key of an input is longer than 255 bytes");
		else if (*field == NULL)
			*field = xstrdup(text);
		return;
	}
	problem(loader, &place, "unknown setting %s in an input%s%s%s", name,
		nearest.best != NULL ? ": did you mean " : "",
		nearest.best != NULL ? nearest.best : "", nearest.best != NULL ? "?" : "");
}

static void
read_input(struct loader *loader, const config_setting_t *group)
{
	struct settings *settings = loader->settings;
	struct place place = settings_place_of(loader, group);
	struct input_settings *input;

	if (config_setting_type(group) != CONFIG_TYPE_GROUP) {
		problem(loader, &place, "an input must be a group: { path = \"...\"; }");
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
			problem(loader, &place, "an input needs a %s", input_members[i].name);
		if (*field == NULL)
			*field = xstrdup(input_members[i].default_text != NULL
						 ? input_members[i].default_text
						 : "");
	}
}

static void
read_inputs(struct loader *loader, const config_setting_t *list)
{
	struct place place = settings_place_of(loader, list);

	if (config_setting_type(list) != CONFIG_TYPE_LIST) {
		problem(loader, &place, "inputs must be a list: inputs = ( { path = \"...\"; } );");
		return;
	}
	for (int i = 0; i < config_setting_length(list); i++)
		read_input(loader, config_setting_get_elem(list, (unsigned)i));
}

static void
read_root(struct loader *loader, const config_setting_t *root)
{
	for (int i = 0; i < config_setting_length(root); i++) {
		const config_setting_t *member = config_setting_get_elem(root, (unsigned)i);
		const char *name = config_setting_name(member);
		const struct setting *row = settings_find_row("", name);

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

/* libconfig knows the place; of a file that cannot be included it knows no more. */
static void
note_syntax_error(struct loader *loader, const config_t *config, const char *path)
{
	const char *file = config_error_file(config), *text = config_error_text(config);
	struct place place = {.file = file != NULL ? file : path,
			      .line = config_error_line(config)};

	if (strstr(text, "open include") != NULL)
		problem(loader, &place,
			"%s: is it there, and readable? A relative name is looked for in %s", text,
			loader->settings->folder);
	else if (strstr(text, "include") != NULL)
		problem(loader, &place, "%s: does a file include itself?", text);
	else
		problem(loader, &place,
			"%s (look for a missing \";\" or quote above, or a comma after a last member)",
			text);
}

static void
settings_read_file(struct loader *loader)
{
	const char *path = loader->source;
	config_t config;

	config_init(&config);
	config_set_include_dir(&config, loader->settings->folder);
	errno = 0;
	if (config_read_file(&config, path) == CONFIG_TRUE) {
		loader->is_parsed = true;
		read_root(loader, config_root_setting(&config));
	} else if (config_error_type(&config) == CONFIG_ERR_FILE_IO) {
		/* a folder can be opened; only reading it fails, and libconfig forgets why */
		log_error("cannot read the settings file %s: %s", path,
			  errno != 0 ? strerror(errno) : "not a file");
		loader->problems++;
	} else {
		note_syntax_error(loader, &config, path);
	}
	config_destroy(&config);
}

/* --- the environment --- */

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

static void
settings_read_environment(struct loader *loader)
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
				struct place place = {.variable = name};

				free(origin->file);
				*origin = (struct setting_origin){.kind = ORIGIN_ENVIRONMENT};
				store_from_text(loader, &place, row, *entry + len + 1);
			}
		}
		if (!known) {
			snprintf(name, sizeof(name), "%.*s", (int)len, *entry);
			warn_unknown_variable(name);
		}
	}
}

/* --- the whole --- */

static void
check_together(struct loader *loader)
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
		{"lake.autoscale_min", offsetof(struct settings, lake.autoscale_min),
		 offsetof(struct settings, lake.autoscale_max), true},
		{"clean.autoscale_min", offsetof(struct settings, clean.autoscale_min),
		 offsetof(struct settings, clean.autoscale_max), true},
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

static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return xstrdup(".");
	return xstrndup(path, slash > path ? (size_t)(slash - path) : 1);
}

static int
load(const char *copy, const char *path, struct settings **settings, char **socket)
{
	struct loader loader = {.settings = xcalloc(1, sizeof(struct settings)), .source = copy};
	char *absolute = realpath(path, NULL);

	*settings = NULL;
	loader.settings->path = absolute != NULL ? absolute : xstrdup(path);
	if (copy == path)
		loader.source = loader.settings->path;
	loader.settings->folder = folder_of(loader.settings->path);
	loader.settings->origins = xcalloc(setting_count, sizeof(struct setting_origin));
	for (size_t i = 0; i < setting_count; i++)
		store_from_text(&loader, &(struct place){.variable = "(default)"},
				&setting_table[i], setting_table[i].default_text);
	settings_read_file(&loader);
	settings_read_environment(&loader);
	if (loader.problems == 0)
		check_together(&loader);
	if (loader.problems > 0) {
		if (socket != NULL && loader.is_parsed)
			*socket = xstrdup(loader.settings->supervisor.socket);
		settings_free(&loader.settings);
		return -1;
	}
	*settings = loader.settings;
	return 0;
}

int
settings_load(const char *path, struct settings **settings)
{
	return load(path, path, settings, NULL);
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
	return load(path, path, settings, socket);
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
			text_list_clear(field_of(s, &setting_table[i]));
		else if (type == SETTING_TEXT || type == SETTING_PATH)
			free(*(char **)field_of(s, &setting_table[i]));
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
