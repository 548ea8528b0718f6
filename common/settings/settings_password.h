/* SPDX-License-Identifier: MIT */
/*
 * settings_password.h - a password from the file that the settings name.
 */
#ifndef COMMON_SETTINGS_SETTINGS_PASSWORD_H
#define COMMON_SETTINGS_SETTINGS_PASSWORD_H

#include <stddef.h>

#include "common/base/defs.h"

/*
 * The first line of a password file, without its line end, into out. "" for file "". Returns 0, or
 * -1 (also when it is empty) with a text in error that names the file (never its content).
 */
int settings_password_read(const char *file, char *out, size_t out_size, char *error,
			   size_t error_size) MUST_CHECK;

#endif
