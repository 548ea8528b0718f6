/* SPDX-License-Identifier: MIT */
/*
 * test_path_errors.c - each path that cannot be read is logged once, until it is fine again.
 */
#include "producer/path_errors.h"
#include "common/base/log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct path_errors errors;
static char logged[4096]; /* errors and warnings */

static int
set_up(void **state)
{
	(void)state;
	errors = (struct path_errors){0};
	log_capture(logged, sizeof(logged));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	log_capture(NULL, 0);
	path_errors_free(&errors);
	return 0;
}

/* One scan that meets these; returns how many lines were logged as errors. */
static unsigned
scan(const char *path, int error, bool is_failure)
{
	unsigned lines = 0;

	log_capture(logged, sizeof(logged));
	path_errors_begin(&errors);
	if (path != NULL)
		path_errors_note(&errors, path, error, is_failure);
	path_errors_end(&errors);
	for (const char *p = logged; *p != '\0'; p++)
		lines += *p == '\n';
	return lines;
}

static void
test_once_per_cause(void **state)
{
	(void)state;
	assert_int_equal(scan("/a", EACCES, true), 1);
	assert_non_null(strstr(logged, "/a cannot be read: Permission denied; it is tried again"));
	assert_int_equal(scan("/a", EACCES, true), 0);
	assert_int_equal(scan("/a", EIO, true), 1);
	assert_int_equal(scan("/a", EIO, true), 0);
	assert_int_equal(errors.count, 1);
	assert_int_equal(errors.list[0].error, EIO);
}

static void
test_fine_again(void **state)
{
	(void)state;
	assert_int_equal(scan("/a", EACCES, true), 1);
	assert_int_equal(scan(NULL, 0, false), 0);
	assert_int_equal(errors.count, 0);
	assert_int_equal(scan("/a", EACCES, true), 1);
}

/* What is only skipped is no error. */
static void
test_skipped(void **state)
{
	(void)state;
	assert_int_equal(scan("/folder", EISDIR, false), 0);
	assert_int_equal(errors.count, 1);
	assert_false(errors.list[0].is_failure);
	assert_int_equal(scan("/folder", EISDIR, true), 1);
}

static void
test_only_the_first_are_named(void **state)
{
	char path[32];

	(void)state;
	path_errors_begin(&errors);
	for (int i = 0; i < PATH_ERRORS_MAX - 1; i++) {
		snprintf(path, sizeof(path), "/%d", i);
		path_errors_note(&errors, path, EISDIR, false);
	}
	log_capture(logged, sizeof(logged));
	path_errors_note(&errors, "/last", EISDIR, false);
	assert_non_null(strstr(logged, "more are not named"));
	log_capture(logged, sizeof(logged));
	path_errors_note(&errors, "/more", EACCES, true);
	path_errors_note(&errors, "/last", EISDIR, false);
	assert_string_equal(logged, "");
	assert_int_equal(errors.count, PATH_ERRORS_MAX);
}

int
main(void)
{
#define PATH_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		PATH_TEST(test_once_per_cause),
		PATH_TEST(test_fine_again),
		PATH_TEST(test_skipped),
		PATH_TEST(test_only_the_first_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
