/* SPDX-License-Identifier: MIT */
/*
 * settings_parse.h - the settings file itself.
 */
#ifndef COMMON_SETTINGS_SETTINGS_PARSE_H
#define COMMON_SETTINGS_SETTINGS_PARSE_H

#include <stdbool.h>

#include "common/base/defs.h"
#include "common/settings/settings_loader.h"

/*
 * Read the file at path and store what it says; settings->path is its name for people, and @include
 * starts at settings->folder. False when it is no settings file at all: it cannot be read, or its
 * syntax is wrong. Every problem is one of the loader's.
 */
bool settings_parse_file(struct settings_loader *loader, const char *path) MUST_CHECK;

#endif
