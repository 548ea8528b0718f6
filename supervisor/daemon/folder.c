/* SPDX-License-Identifier: MIT */
/*
 * folder.c - folders that sluiced makes.
 */
#include "supervisor/daemon/folder.h"
#include "common/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

int
folder_try(const char *folder, char *error, size_t error_size)
{
	struct stat found;

	if (mkdir(folder, 0750) != 0 && errno != EEXIST) {
		snprintf(error, error_size, "cannot make the folder %s: %s", folder,
			 strerror(errno));
		return EX_CANTCREAT;
	}
	if (stat(folder, &found) != 0 || !S_ISDIR(found.st_mode)) {
		snprintf(error, error_size, "%s is not a folder", folder);
		return EX_CANTCREAT;
	}
	return 0;
}

void
folder_make(const char *folder)
{
	char error[512];
	int result = folder_try(folder, error, sizeof(error));

	if (result != 0)
		fatal_exit(result, "%s", error);
}
