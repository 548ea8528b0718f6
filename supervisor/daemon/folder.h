/* SPDX-License-Identifier: MIT */
/*
 * folder.h - folders that sluiced makes: that of its state, and that of its socket.
 */
#ifndef SUPERVISOR_DAEMON_FOLDER_H
#define SUPERVISOR_DAEMON_FOLDER_H

#include <stddef.h>

#include "common/base/defs.h"

/* Make a folder (0750) if only it is missing: 0, or EX_CANTCREAT with a text in error. */
int folder_try(const char *folder, char *error, size_t error_size) MUST_CHECK;

/* Make a folder (0750) if only it is missing; ends sluiced with EX_CANTCREAT if it cannot. */
void folder_make(const char *folder);

#endif
