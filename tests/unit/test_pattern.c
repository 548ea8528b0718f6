/* SPDX-License-Identifier: MIT */
/*
 * test_pattern.c - what stands in the way of a pattern that matches nothing.
 */
#include "common/base/pattern.h"
#include "common/base/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/sluice-pattern-XXXXXX";

/* FOLDER/file, FOLDER/loop -> loop, FOLDER/sub/ */
static int
make_folder(void **state)
{
	FILE *file;

	(void)state;
	if (mkdtemp(folder) == NULL || chdir(folder) != 0 || mkdir("sub", 0700) != 0 ||
	    symlink("loop", "loop") != 0)
		return -1;
	file = fopen("file", "w");
	return file == NULL ? -1 : fclose(file);
}

static int
remove_folder(void **state)
{
	(void)state;
	if (unlink("file") != 0 || unlink("loop") != 0 || rmdir("sub") != 0)
		return -1;
	return rmdir(folder);
}

/* "%" stands for the folder; obstacle NULL = there is none. */
static void
assert_obstacle(const char *pattern, int error, const char *obstacle)
{
	char *full = pattern[0] == '%' ? xasprintf("%s%s", folder, pattern + 1) : xstrdup(pattern);
	char *wanted = obstacle != NULL && obstacle[0] == '%'
			       ? xasprintf("%s%s", folder, obstacle + 1)
			       : xstrdup(obstacle != NULL ? obstacle : "(none)");
	char *where = NULL;
	int found = pattern_obstacle(full, &where);

	if (found != error || strcmp(where != NULL ? where : "(none)", wanted) != 0)
		fail_msg("%s: %s at %s", pattern, strerror(found), where != NULL ? where : "none");
	free(full);
	free(wanted);
	free(where);
}

static void
test_obstacles(void **state)
{
	static const struct {
		const char *pattern;
		int error;
		const char *obstacle;
	} cases[] = {
		/* nothing stands in the way: there is just no such file yet */
		{"%/none", 0, NULL},
		{"%/none.*", 0, NULL},
		{"%/sub/*.log", 0, NULL},
		{"%/*/x", 0, NULL},
		{"none", 0, NULL},
		{"*.log", 0, NULL},
		{"/none*", 0, NULL},
		/* a folder that a pattern starts from, or a file would be in */
		{"%/no/*.log", ENOENT, "%/no"},
		{"%/no/such/x.log", ENOENT, "%/no/such"},
		{"%/file/*.log", ENOTDIR, "%/file"},
		{"%/loop/*.log", ELOOP, "%/loop"},
		{"no/*.log", ENOENT, "no"},
		{"%/no/[ab].log", ENOENT, "%/no"},
		{"%/no/?.log", ENOENT, "%/no"},
		/* the file itself */
		{"%/file/x", ENOTDIR, "%/file/x"},
		{"%/loop", ELOOP, "%/loop"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_obstacle(cases[i].pattern, cases[i].error, cases[i].obstacle);
}

static void
test_folder_that_may_not_be_read(void **state)
{
	(void)state;
	assert_int_equal(chmod("sub", 0), 0);
	if (getuid() == 0) { /* root may read anything: be somebody else meanwhile */
		assert_int_equal(chmod(folder, 0755), 0);
		assert_int_equal(seteuid(65534), 0);
	}
	assert_obstacle("%/sub/*.log", EACCES, "%/sub");
	assert_obstacle("%/sub/x", EACCES, "%/sub/x");
	assert_int_equal(seteuid(getuid()), 0);
	assert_int_equal(chmod("sub", 0700), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_obstacles),
		cmocka_unit_test(test_folder_that_may_not_be_read),
	};

	return cmocka_run_group_tests_name("pattern", tests, make_folder, remove_folder);
}
