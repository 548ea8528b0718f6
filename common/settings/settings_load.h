/* SPDX-License-Identifier: MIT */
/*
 * settings_load.h - settings from a file and the environment.
 */
#ifndef COMMON_SETTINGS_SETTINGS_LOAD_H
#define COMMON_SETTINGS_SETTINGS_LOAD_H

#include "common/base/defs.h"
#include "common/settings/settings.h"

/*
 * Read the file, lay the environment over it, check everything. Each problem is logged as
 * "FILE:LINE: what is wrong, what to do"; all are found, not just the first (of errors in the
 * file's syntax, the first). Returns 0 and a new struct settings, or -1 and NULL. An unknown
 * SLUICE_* variable is only warned of, and only when it looks like a mistyped setting: others use
 * that prefix too.
 */
int settings_load(const char *path, struct settings **settings) MUST_CHECK;

/*
 * The same, but the text is that of the file copy (as settings_print() wrote it, so it has no
 * relative paths and no includes); path is only named.
 */
int settings_load_copy(const char *copy, const char *path, struct settings **settings) MUST_CHECK;

/*
 * settings_load() for who can do with supervisor.socket: when the file is not accepted, *socket is
 * what it says of that all the same, in new memory, or NULL if it is no settings file at all.
 */
int settings_load_or_socket(const char *path, struct settings **settings, char **socket) MUST_CHECK;

#endif
