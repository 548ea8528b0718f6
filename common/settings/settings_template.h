/* SPDX-License-Identifier: MIT */
/*
 * settings_template.h - the commented settings file that is shipped as etc/sluice.conf.
 */
#ifndef COMMON_SETTINGS_SETTINGS_TEMPLATE_H
#define COMMON_SETTINGS_SETTINGS_TEMPLATE_H

#include <stdio.h>

/* Every setting with its default, its meaning and its range (`sluiced --template`). */
void settings_template_print(FILE *out);

#endif
