/* SPDX-License-Identifier: MIT */
/*
 * completion.h - what shells need to complete verbs, their verbs, words and options; made from the
 * table of verbs.
 */
#ifndef SUPERVISOR_CLI_COMPLETION_H
#define SUPERVISOR_CLI_COMPLETION_H

#include <jansson.h>
#include <stdio.h>

#include "supervisor/cli/verbs.h"

/* A script for the shell: bash, zsh or fish. Returns 0, or -1 when it is none of them. */
int completion_print(const struct verb *verbs, const char *shell, FILE *out) MUST_CHECK;

/*
 * The table itself: [{"verb": "scale", "words": "lake= ...", "options": "--help ...", "verbs":
 * [...]}, ...]; verbs is there when a verb has some. New memory.
 */
json_t *completion_json(const struct verb *verbs);

#endif
