/* SPDX-License-Identifier: MIT */
/*
 * lock_holder.c - who holds the lock of a state folder, by the file and /proc/locks.
 */
#include "supervisor/shared/lock_holder.h"
#include "common/base/xalloc.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static long
read_pid(const char *folder)
{
	char *path = xasprintf("%s/" LOCK_HOLDER_FILE, folder);
	FILE *file = fopen(path, "re");
	long pid = 0;

	free(path);
	if (file == NULL)
		return 0;
	if (fscanf(file, "%ld", &pid) != 1 || pid < 0)
		pid = 0;
	fclose(file);
	return pid;
}

/* The file keeps the number of a process that is gone, so the kernel has the last word. */
static bool
holds_a_lock(long pid)
{
	FILE *locks = fopen("/proc/locks", "re");
	char line[256];
	bool found = false;

	if (locks == NULL)
		return false;
	/* "3: FLOCK  ADVISORY  WRITE 1234 08:01:131090 0 EOF" */
	while (!found && fgets(line, sizeof(line), locks) != NULL) {
		long holder;

		found = sscanf(line, "%*d: FLOCK ADVISORY WRITE %ld ", &holder) == 1 &&
			holder == pid;
	}
	fclose(locks);
	return found;
}

pid_t
lock_holder(const char *folder)
{
	long pid = read_pid(folder);

	return pid > 0 && holds_a_lock(pid) ? (pid_t)pid : 0;
}
