/* SPDX-License-Identifier: MIT */
/*
 * settings_environment.h - the environment over the settings file: SLUICE_LAKE_WORKERS=4.
 */
#ifndef COMMON_SETTINGS_SETTINGS_ENVIRONMENT_H
#define COMMON_SETTINGS_SETTINGS_ENVIRONMENT_H

#include "common/settings/settings_loader.h"

/*
 * Store what the SLUICE_* variables say. One that is no setting is warned of when it looks like a
 * mistyped one.
 */
void settings_environment_read(struct settings_loader *loader);

#endif
