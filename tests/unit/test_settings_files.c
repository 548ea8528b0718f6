/* SPDX-License-Identifier: MIT */
/*
 * test_settings_files.c - the files that the settings name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/stat.h>

#include "common/settings/settings_files.h"
#include "tests/unit/settings_text.h"

/* Load and check the files that are named; messages holds what the check says. */
static int
check_files(const char *text)
{
	struct settings *settings = load(text);
	int result;

	assert_non_null(settings);
	begin_messages();
	result = settings_files_check(settings);
	end_messages();
	settings_free(&settings);
	return result;
}

static void
test_files(void **state)
{
	static const char good[] = "broker : { password_file = \"test.pass\"; };\n"
				   "database : { password_file = \"\"; };\n";
	char text[1024], name[96];
	FILE *file;

	(void)state;
	snprintf(name, sizeof(name), "%s/test.pass", folder);
	unlink(name);
	assert_int_equal(check_files(good), -1);
	assert_non_null(strstr(messages, "test.conf:1: cannot read the password file /"));
	assert_non_null(strstr(messages, "test.pass: No such file"));
	file = fopen(name, "w");
	assert_int_equal(check_files(good), -1);
	assert_non_null(strstr(messages, "test.pass is empty (broker.password_file"));
	fputs("secret\n", file);
	fclose(file);
	assert_int_equal(chmod(name, 0644), 0);
	assert_int_equal(check_files(good), 0);
	assert_non_null(strstr(messages, "test.pass: any user of this machine can read"));
	assert_int_equal(chmod(name, 0640), 0);
	assert_int_equal(check_files(good), 0);
	assert_string_equal(messages, "");

	/* who starts no workers needs no database, who starts nothing needs no broker */
	snprintf(text, sizeof(text),
		 "broker : { password_file = \"%s\"; };\n"
		 "database : { password_file = \"none.pass\"; };\n"
		 "lake : { workers = 0; };\nclean : { workers = 0; };\n",
		 name);
	assert_int_equal(check_files(text), 0);
	strncat(text, "producer : { count = 0; };\n", sizeof(text) - strlen(text) - 1);
	unlink(name);
	assert_int_equal(check_files(text), 0);
	assert_string_equal(messages, "");
}

static void
test_inputs(void **state)
{
	char text[1024], name[96];

	(void)state;
	snprintf(name, sizeof(name), "%s/loop.log", folder);
	assert_int_equal(symlink("loop.log", name), 0);
	snprintf(
		text, sizeof(text),
		"broker : { password_file = \"\"; };\ndatabase : { password_file = \"\"; };\n"
		"inputs = ( { path = \"%s/loop.*\"; }, { path = \"%s/none.*\"; },\n"
		"  { path = \"%s/no/*.log\"; }, { path = \"%s/test.conf/*.log\"; },\n"
		"  { path = \"%s/test.conf/a\"; }, { path = \"%s\"; }, { path = \"%s/*.conf\"; } );\n",
		folder, folder, folder, folder, folder, folder, folder);
	assert_int_equal(check_files(text), 0);
	assert_non_null(strstr(messages, "/loop.log cannot be read: Too many levels"));
	assert_non_null(strstr(messages, "/none.* now\n"));
	assert_non_null(strstr(messages, "/no: No such file"));
	assert_non_null(strstr(messages, "/test.conf/*.log now: "));
	assert_non_null(strstr(messages, "/test.conf: Not a directory"));
	assert_non_null(strstr(messages, "/test.conf/a: Not a directory"));
	assert_non_null(strstr(messages, "matches no regular file"));
	assert_null(strstr(messages, "*.conf"));
	unlink(name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_inputs),
	};

	return cmocka_run_group_tests_name("settings_files", tests, make_folder, remove_folder);
}
