/* SPDX-License-Identifier: MIT */
/*
 * test_daemon_lock.c - one sluiced per state folder, and the folder is made.
 */
#include "supervisor/daemon/daemon_lock.h"
#include "common/base/defs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

struct folder {
	char top[64], state[96], lock[128];
};

static int
make_folder(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));

	snprintf(folder->top, sizeof(folder->top), "/tmp/test_daemon_lock.XXXXXX");
	assert_non_null(mkdtemp(folder->top));
	snprintf(folder->state, sizeof(folder->state), "%s/state", folder->top);
	snprintf(folder->lock, sizeof(folder->lock), "%s/sluiced.lock", folder->state);
	*state = folder;
	return 0;
}

static int
remove_folder(void **state)
{
	struct folder *folder = *state;

	unlink(folder->lock);
	rmdir(folder->state);
	rmdir(folder->top);
	free(folder);
	return 0;
}

/* What a sluiced that wants the folder ends with; 0: it would go on. Silent. */
static int
acquire(const char *folder)
{
	int wait_status;
	pid_t pid = fork();

	if (pid == 0) {
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		daemon_lock_acquire(folder);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &wait_status, 0), pid);
	assert_true(WIFEXITED(wait_status));
	return WEXITSTATUS(wait_status);
}

static void
test_lock(void **state)
{
	struct folder *folder = *state;
	char text[32] = "", pid[32];
	struct stat found;
	int fd;

	assert_int_equal(acquire(folder->state), 0); /* and the kernel frees it */
	assert_int_equal(stat(folder->state, &found), 0);
	assert_int_equal(found.st_mode & 0777, 0750);
	daemon_lock_acquire(folder->state);
	assert_int_equal(acquire(folder->state), EX_UNAVAILABLE);
	fd = open(folder->lock, O_RDONLY);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	assert_string_equal(text, pid);
}

static void
test_no_folder(void **state)
{
	struct folder *folder = *state;
	char path[160];

	snprintf(path, sizeof(path), "%s/not/there", folder->top);
	assert_int_equal(acquire(path), EX_CANTCREAT); /* only the last one is made */
	close(open(folder->state, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(acquire(folder->state), EX_CANTCREAT);
	unlink(folder->state);
	/* Nobody writes through a link that somebody has put there. */
	assert_int_equal(mkdir(folder->state, 0700), 0);
	assert_int_equal(symlink("/nowhere", folder->lock), 0);
	assert_int_equal(acquire(folder->state), EX_CANTCREAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lock, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_no_folder, make_folder, remove_folder),
	};

	return cmocka_run_group_tests_name("daemon_lock", tests, NULL, NULL);
}
