/* SPDX-License-Identifier: MIT */
/*
 * ctl_text.c - foreign text for terminals, and JSON members with fallbacks.
 */
#include "common/base/visible_text.h"
#include "supervisor/cli/ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *
ctl_visible(const char *text)
{
	return visible_text_new(span_of(text), 0);
}

bool
ctl_has_colour(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && (no_color == NULL || no_color[0] == '\0') && term != NULL &&
	       strcmp(term, "dumb") != 0;
}

const char *
ctl_text(const json_t *object, const char *name, const char *fallback)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : fallback;
}

double
ctl_number(const json_t *object, const char *name, double fallback)
{
	const json_t *value = json_object_get(object, name);

	return json_is_number(value) ? json_number_value(value) : fallback;
}

void
ctl_print_json(const json_t *data)
{
	json_dumpf(data, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
	putchar('\n');
}
