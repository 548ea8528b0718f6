/* SPDX-License-Identifier: MIT */
/*
 * settings_loader.c - one value at a time into struct settings, checked.
 */
#include "common/settings/settings_loader.h"
#include "common/base/host.h"
#include "common/base/log.h"
#include "common/base/nearest.h"
#include "common/base/xalloc.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
settings_loader_problem(struct settings_loader *loader, const struct settings_location *where,
			const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (where->file != NULL)
		log_error("%s:%d: %s", where->file, where->line, text);
	else
		log_error("environment variable %s: %s", where->variable, text);
	loader->problems++;
}

void
settings_loader_set_number(struct settings_loader *loader, const struct settings_location *where,
			   const struct setting *row, int64_t value)
{
	char name[128];

	if (value < row->min || value > row->max) {
		settings_loader_problem(loader, where,
					"%s = %" PRId64 " is out of range: %" PRId64 " to %" PRId64
					" %s",
					settings_name(row, name, sizeof(name)), value, row->min,
					row->max, row->unit);
		return;
	}
	*(int64_t *)settings_field(loader->settings, row) = value;
}

int
settings_loader_find_choice(const char *choices, const char *text, char hint[SETTINGS_HINT_SIZE])
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
			snprintf(hint, SETTINGS_HINT_SIZE, ": did you mean \"%s\"?", choice);
	}
}

void
settings_loader_set_choice(struct settings_loader *loader, const struct settings_location *where,
			   const struct setting *row, const char *text)
{
	char name[128], hint[SETTINGS_HINT_SIZE];
	int choice = settings_loader_find_choice(row->unit, text, hint);

	if (choice >= 0)
		*(int *)settings_field(loader->settings, row) = choice;
	else
		settings_loader_problem(loader, where, "%s = \"%s\" is none of %s%s",
					settings_name(row, name, sizeof(name)), text, row->unit,
					hint);
}

void
settings_loader_set_text(struct settings_loader *loader, const struct setting *row,
			 const char *text)
{
	char **field = settings_field(loader->settings, row);

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
check_hosts(struct settings_loader *loader, const struct settings_location *where,
	    const struct setting *row, bool socket_too)
{
	const struct text_list *list = settings_field(loader->settings, row);
	char name[128];

	for (size_t i = 0; i < list->count; i++)
		if (!host_is_address(list->items[i], socket_too))
			settings_loader_problem(
				loader, where,
				"%s: \"%s\" is not %s (a port is 1 to 65535; an IPv6 address "
				"stands in brackets: \"[::1]:%s\")",
				settings_name(row, name, sizeof(name)), list->items[i], row->unit,
				strrchr(row->default_text, ':') + 1);
}

void
settings_loader_check_list(struct settings_loader *loader, const struct settings_location *where,
			   const struct setting *row)
{
	const struct text_list *list = settings_field(loader->settings, row);
	char name[128];

	if ((int64_t)list->count < row->min || (int64_t)list->count > row->max)
		settings_loader_problem(
			loader, where, "%s has %zu members; it needs %" PRId64 " to %" PRId64,
			settings_name(row, name, sizeof(name)), list->count, row->min, row->max);
	for (size_t i = 0; i < ARRAY_LEN(host_lists); i++)
		if (host_lists[i].offset == row->offset)
			check_hosts(loader, where, row, host_lists[i].socket_too);
}

void
settings_loader_set_from_text(struct settings_loader *loader, const struct settings_location *where,
			      const struct setting *row, const char *text)
{
	struct text_list *list;
	char name[128], *end;
	long long number;

	switch (row->type) {
	case SETTING_NUMBER:
		errno = 0;
		number = strtoll(text, &end, 10);
		if (end == text || *end != '\0' || errno != 0)
			settings_loader_problem(loader, where, "%s = \"%s\" is not a whole number",
						settings_name(row, name, sizeof(name)), text);
		else
			settings_loader_set_number(loader, where, row, number);
		break;
	case SETTING_CHOICE:
		settings_loader_set_choice(loader, where, row, text);
		break;
	case SETTING_TEXT:
	case SETTING_PATH:
		settings_loader_set_text(loader, row, text);
		break;
	case SETTING_LIST:
		list = settings_field(loader->settings, row);
		text_list_clear(list);
		for (const char *p = text; *p != '\0'; p += *p == ',' ? 1 : 0) {
			size_t len = strcspn(p, ",");

			text_list_add(list, p, len);
			p += len;
		}
		settings_loader_check_list(loader, where, row);
		break;
	}
}
