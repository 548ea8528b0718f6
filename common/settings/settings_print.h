/* SPDX-License-Identifier: MIT */
/*
 * settings_print.h - settings as text, each with its origin.
 */
#ifndef COMMON_SETTINGS_SETTINGS_PRINT_H
#define COMMON_SETTINGS_SETTINGS_PRINT_H

#include <stdio.h>

#include "common/settings/settings.h"

/* Every value with its origin, as a settings file that can be read back (`sluiced -T`). */
void settings_print(const struct settings *settings, FILE *out);

/* A value as a settings file has it, in new memory. */
char *settings_value_text(const struct settings *settings, const struct setting *row);

/* An input as a settings file has it, in new memory. */
char *settings_input_text(const struct input_settings *input);

/* "/etc/sluice/sluice.conf:12", "default", "environment"; returns out. */
const char *settings_origin_text(const struct setting_origin *origin, char *out, size_t out_size);

#endif
