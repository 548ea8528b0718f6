/* SPDX-License-Identifier: MIT */
/*
 * settings_manual.h - the manual page of the settings file.
 */
#ifndef COMMON_SETTINGS_SETTINGS_MANUAL_H
#define COMMON_SETTINGS_SETTINGS_MANUAL_H

#include <stdio.h>

/* sluice.conf(5) in mdoc. */
void settings_manual_print(FILE *out);

#endif
