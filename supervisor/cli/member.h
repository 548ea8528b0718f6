/* SPDX-License-Identifier: MIT */
/*
 * member.h - members of JSON objects, with a fallback when they are missing or of another type.
 */
#ifndef SUPERVISOR_CLI_MEMBER_H
#define SUPERVISOR_CLI_MEMBER_H

#include <jansson.h>
#include <stdbool.h>

/* The object may be NULL, or no object: then every member is missing. */
const char *member_text(const json_t *object, const char *name, const char *fallback);
double member_number(const json_t *object, const char *name, double fallback);
bool member_is_true(const json_t *object, const char *name);

#endif
