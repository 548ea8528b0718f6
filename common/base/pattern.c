/* SPDX-License-Identifier: MIT */
/*
 * pattern.c - why a pattern of files matches nothing.
 */
#include "common/base/pattern.h"
#include "common/base/xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char *
folder_before(const char *pattern, size_t len)
{
	while (len > 0 && pattern[len - 1] != '/')
		len--;
	if (len == 0)
		return xstrdup(".");
	return xstrndup(pattern, len > 1 ? len - 1 : 1);
}

/* A single file needs a folder that can be passed through; looking for matches, one to be read. */
static int
folder_error(const char *folder, bool is_read)
{
	struct stat found;
	DIR *dir;

	if (!is_read) {
		if (stat(folder, &found) != 0)
			return errno;
		return S_ISDIR(found.st_mode) ? 0 : ENOTDIR;
	}
	dir = opendir(folder);
	if (dir == NULL)
		return errno;
	closedir(dir);
	return 0;
}

int
pattern_obstacle(const char *pattern, char **where)
{
	size_t plain = strcspn(pattern, "*?[\\");
	bool is_pattern = pattern[plain] != '\0';
	struct stat found;
	int error = 0;

	*where = NULL;
	if (!is_pattern && stat(pattern, &found) != 0 && errno != ENOENT) {
		error = errno;
		*where = xstrdup(pattern);
		return error;
	}
	*where = folder_before(pattern, plain);
	error = folder_error(*where, is_pattern);
	if (error == 0) {
		free(*where);
		*where = NULL;
	}
	return error;
}
