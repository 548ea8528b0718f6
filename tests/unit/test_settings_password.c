/* SPDX-License-Identifier: MIT */
/*
 * test_settings_password.c - the file of a password.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/settings/settings_password.h"
#include "tests/unit/settings_text.h"

static void
test_password_file(void **state)
{
	char password[16], error[256];

	(void)state;
	assert_int_equal(
		settings_password_read("", password, sizeof(password), error, sizeof(error)), 0);
	assert_string_equal(password, "");
	write_file("secret\r\nsecond line\n");
	assert_int_equal(
		settings_password_read(path, password, sizeof(password), error, sizeof(error)), 0);
	assert_string_equal(password, "secret");
	write_file("\r\nsecond line\n");
	assert_int_equal(
		settings_password_read(path, password, sizeof(password), error, sizeof(error)), -1);
	assert_non_null(strstr(error, "is empty"));
	assert_int_equal(
		settings_password_read(folder, password, sizeof(password), error, sizeof(error)),
		-1);
	assert_non_null(strstr(error, "Is a directory"));
	write_file("far too long for the buffer\n");
	assert_int_equal(
		settings_password_read(path, password, sizeof(password), error, sizeof(error)), -1);
	assert_null(strstr(error, "far too"));
	assert_int_equal(settings_password_read("/nonexistent", password, sizeof(password), error,
						sizeof(error)),
			 -1);
	assert_non_null(strstr(error, "/nonexistent"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_password_file),
	};

	return cmocka_run_group_tests_name("settings_password", tests, make_folder, remove_folder);
}
