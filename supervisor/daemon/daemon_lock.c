/* SPDX-License-Identifier: MIT */
/*
 * daemon_lock.c - one sluiced per state folder.
 */
#include "supervisor/daemon/daemon_lock.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "supervisor/daemon/folder.h"
#include "supervisor/shared/lock_holder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sysexits.h>
#include <unistd.h>

/* The number in the file is for people; only the lock counts. */
static void
read_owner(int fd, char *out, size_t out_size)
{
	char text[32] = "";
	ssize_t got = pread(fd, text, sizeof(text) - 1, 0);
	long pid = got > 0 ? strtol(text, NULL, 10) : 0;

	if (pid > 0)
		snprintf(out, out_size, " (pid %ld)", pid);
	else
		out[0] = '\0';
}

void
daemon_lock_acquire(const char *folder)
{
	char *path = xasprintf("%s/" LOCK_HOLDER_FILE, folder);
	char text[32];
	int fd;

	folder_make(folder);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		fatal_exit(EX_CANTCREAT, "cannot open the lock file %s: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK)
			fatal("cannot lock %s: %s", path, strerror(errno));
		read_owner(fd, text, sizeof(text));
		fatal_exit(EX_UNAVAILABLE, "another sluiced%s uses the state folder %s", text,
			   folder);
	}
	snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) != 0 || pwrite(fd, text, strlen(text), 0) != (ssize_t)strlen(text))
		fatal_exit(EX_CANTCREAT, "cannot write %s: %s", path, strerror(errno));
	free(path); /* fd stays open: it is the lock */
}
