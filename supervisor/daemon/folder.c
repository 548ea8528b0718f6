/* SPDX-License-Identifier: MIT */
/*
 * folder.c - folders that sluiced makes.
 */
#include "supervisor/daemon/folder.h"
#include "common/base/log.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

void
folder_make(const char *folder)
{
	struct stat found;

	if (mkdir(folder, 0750) != 0 && errno != EEXIST)
		fatal_exit(EX_CANTCREAT, "cannot make the folder %s: %s", folder, strerror(errno));
	if (stat(folder, &found) != 0 || !S_ISDIR(found.st_mode))
		fatal_exit(EX_CANTCREAT, "%s is not a folder", folder);
}
