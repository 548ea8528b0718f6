/* SPDX-License-Identifier: MIT */
/*
 * program.c - by the path of the running program, so that a build tree, another PREFIX and a chroot
 * need no settings for it.
 */
#include "supervisor/daemon/program.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *
program_folder(void)
{
	char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	if (len <= 0)
		fatal("cannot read /proc/self/exe: %s", strerror(errno));
	path[len] = '\0';
	slash = strrchr(path, '/');
	assert(slash != NULL);
	*(slash == path ? slash + 1 : slash) = '\0';
	return xstrdup(path);
}

char *
program_find(const char *folder, const char *program)
{
	char *beside = xasprintf("%s/%s", folder, program);
	char *installed;

	if (access(beside, X_OK) == 0)
		return beside;
	installed = xasprintf("%s/../bin/%s", folder, program);
	if (access(installed, X_OK) == 0) {
		free(beside);
		return installed;
	}
	free(installed);
	return beside;
}
