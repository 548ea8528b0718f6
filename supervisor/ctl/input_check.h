/* SPDX-License-Identifier: MIT */
/*
 * input_check.h - do the files of the inputs look like what the settings say of them?
 */
#ifndef SUPERVISOR_CTL_INPUT_CHECK_H
#define SUPERVISOR_CTL_INPUT_CHECK_H

#include <jansson.h>

#include "common/settings/settings.h"

/*
 * Opens the files of each pattern and reads the first lines of some of them. New memory, an object
 * per input: "path", "format", "files", "readable", "packed" (counts), "lines" (looked at), "taken" (of
 * them by the format), and "likely" ("common": the formats that would take more; or null).
 */
json_t *input_check_all(const struct settings *settings);

/* The same for people, a line per input. */
void input_check_print(const json_t *inputs, FILE *out);

#endif
