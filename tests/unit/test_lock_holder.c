/* SPDX-License-Identifier: MIT */
/*
 * test_lock_holder.c - who holds the lock: the one that has it now, and nobody else.
 */
#include "supervisor/shared/lock_holder.h"
#include "common/base/defs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

static void
test_holder(void **state UNUSED)
{
	char folder[] = "/tmp/test_lock_holder.XXXXXX", path[96], text[32];
	int fd, len;

	assert_non_null(mkdtemp(folder));
	assert_int_equal(lock_holder(folder), 0); /* no such file */
	snprintf(path, sizeof(path), "%s/" LOCK_HOLDER_FILE, folder);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(lock_holder(folder), 0); /* empty */
	len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	assert_int_equal(write(fd, text, (size_t)len), len);
	assert_int_equal(lock_holder(folder), 0); /* a number is no lock */
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(lock_holder(folder), getpid());
	assert_int_equal(pwrite(fd, "1\n", 2, 0), 2);
	assert_int_equal(ftruncate(fd, 2), 0);
	assert_int_equal(lock_holder(folder), 0); /* of another process */
	close(fd);
	unlink(path);
	rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holder),
	};

	return cmocka_run_group_tests_name("lock_holder", tests, NULL, NULL);
}
