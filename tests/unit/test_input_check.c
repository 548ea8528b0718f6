/* SPDX-License-Identifier: MIT */
/*
 * test_input_check.c - how many files and first lines of an input fit.
 */
#include "supervisor/ctl/input_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMMON "1.2.3.4 - - [10/Oct/2023:13:55:36 +0200] \"GET /a HTTP/1.1\" 200 5"

static char folder[] = "/tmp/sluice-test-XXXXXX";

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static void
write_file(const char *name, const char *text, size_t len)
{
	char path[128];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	out = fopen(path, "wb");
	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, len, out), len);
	assert_int_equal(fclose(out), 0);
}

static int
remove_folder(void **state)
{
	static const char *const names[] = {"a.log", "b.log", "c.log", "empty.log", "folder.log"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		remove(path);
	}
	return rmdir(folder);
}

static int64_t
number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static void
test_inputs(void **state)
{
	char pattern[128], none[128], combined[] = "combined", common[] = "common", *text = NULL;
	struct input_settings inputs[] = {{.path = pattern, .format = combined},
					  {.path = none, .format = common}};
	struct settings settings = {.inputs = inputs, .input_count = 2};
	const json_t *first, *second;
	json_t *all;
	size_t len;
	FILE *out;

	(void)state;
	snprintf(pattern, sizeof(pattern), "%s/*.log", folder);
	snprintf(none, sizeof(none), "%s/*.nothing", folder);
	write_file("a.log", COMMON "\n" COMMON "\n", 2 * sizeof(COMMON));
	write_file("b.log", COMMON " \"-\" \"x\"\n" COMMON, 2 * sizeof(COMMON) + 7);
	write_file("c.log", "\x1f\x8b\x08\0\0\0\0\0\0\3", 10);
	write_file("empty.log", "", 0);
	snprintf(none, sizeof(none), "%s/folder.log", folder);
	assert_int_equal(mkdir(none, 0700), 0);
	snprintf(none, sizeof(none), "%s/*.nothing", folder);
	all = input_check_all(&settings);
	first = json_array_get(all, 0);
	second = json_array_get(all, 1);
	assert_int_equal(number(first, "files"), 4);
	assert_int_equal(number(first, "readable"), 4);
	assert_int_equal(number(first, "packed"), 1);
	assert_int_equal(number(first, "lines"), 3); /* the last one is not finished */
	assert_int_equal(number(first, "taken"), 1);
	assert_string_equal(json_string_value(json_object_get(first, "likely")),
			    "ezproxy or common");
	assert_int_equal(number(second, "files"), 0);
	assert_true(json_is_null(json_object_get(second, "likely")));
	out = open_memstream(&text, &len);
	input_check_print(all, out);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text,
			       "*.log: 4 files, 4 readable, 1 packed (not read); combined takes 1 "
			       "of the first 3 lines (33 %); ezproxy or common would take more\n"));
	assert_non_null(strstr(text, "*.nothing: 0 files, 0 readable, 0 packed (not read)\n"));
	free(text);
	json_decref(all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inputs),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
