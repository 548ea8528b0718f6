/* SPDX-License-Identifier: MIT */
/*
 * settings_files.h - the files that the settings name, looked at before anything is started.
 */
#ifndef COMMON_SETTINGS_SETTINGS_FILES_H
#define COMMON_SETTINGS_SETTINGS_FILES_H

#include "common/base/defs.h"
#include "common/settings/settings.h"

/*
 * Look at the files that the settings name, as far as what they start needs them. 0, or -1 when a
 * password cannot be read; logged. An input that shows no file now, or one that cannot be read, is
 * warned of: it may come later.
 */
int settings_files_check(const struct settings *settings) MUST_CHECK;

#endif
