/* SPDX-License-Identifier: MIT */
/*
 * member.c - members of JSON objects.
 */
#include "supervisor/cli/member.h"

const char *
member_text(const json_t *object, const char *name, const char *fallback)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : fallback;
}

double
member_number(const json_t *object, const char *name, double fallback)
{
	const json_t *value = json_object_get(object, name);

	return json_is_number(value) ? json_number_value(value) : fallback;
}

bool
member_is_true(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}
