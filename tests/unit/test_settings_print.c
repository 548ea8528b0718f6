/* SPDX-License-Identifier: MIT */
/*
 * test_settings_print.c - settings as text that can be read back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/settings/settings_print.h"
#include "tests/unit/settings_text.h"

/* What -T prints is a settings file with the same values. */
static void
test_print_reads_back(void **state)
{
	struct settings *first = load("inputs = ( { path = \"/a \\\"b\\\".log\"; } );\n"
				      "events = [ \"a\\\\b\" ];\nlake : { workers = 5; };\n");
	struct settings *second;
	char *once = NULL, *again = NULL;
	size_t size;
	FILE *out;

	(void)state;
	assert_non_null(first);
	out = open_memstream(&once, &size);
	settings_print(first, out);
	fclose(out);
	assert_non_null(strstr(once, "workers = 5;  # "));
	assert_non_null(strstr(once, "test.conf:3"));
	second = load(once);
	assert_non_null(second);
	out = open_memstream(&again, &size);
	settings_print(second, out);
	fclose(out);
	assert_string_equal(second->inputs[0].path, "/a \"b\".log");
	assert_string_equal(second->events.items[0], "a\\b");
	assert_int_equal(second->lake.workers, 5);
	free(once);
	free(again);
	settings_free(&first);
	settings_free(&second);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print_reads_back),
	};

	return cmocka_run_group_tests_name("settings_print", tests, make_folder, remove_folder);
}
