/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_editor.c - one line into a file, through an editor, and back, byte for byte.
 */
#include "supervisor/dlq/dlq_editor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static void
assert_reads(const char *path, const char *wanted, size_t wanted_len)
{
	char *text;
	size_t len;

	assert_int_equal(dlq_editor_read(path, &text, &len), 0);
	assert_int_equal(len, wanted_len);
	assert_memory_equal(text, wanted, len);
	assert_int_equal(text[len], '\0');
	free(text);
}

static void
test_round_trip(void **state)
{
	static const struct span lines[] = {
		SPAN_LITERAL("a line"),
		SPAN_LITERAL(""),
		SPAN_LITERAL("\xff\x1b\r"),
		{"a\0b", 3},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		char *path = dlq_editor_write(lines[i]);
		struct stat info;

		assert_non_null(path);
		assert_int_equal(stat(path, &info), 0);
		assert_int_equal(info.st_mode & 07777, 0600);
		assert_int_equal(info.st_size, lines[i].len + 1); /* and a line end */
		assert_reads(path, lines[i].ptr, lines[i].len);
		assert_int_equal(unlink(path), 0);
		free(path);
	}
}

/* VISUAL before EDITOR; both may have arguments. */
static void
test_run(void **state)
{
	char *path = dlq_editor_write(SPAN_LITERAL("old"));

	(void)state;
	setenv("EDITOR", "false", 1);
	setenv("VISUAL", "sed -i s/old/new/", 1);
	assert_int_equal(dlq_editor_run(path), 0);
	assert_reads(path, "new", 3);
	setenv("VISUAL", "", 1);
	assert_int_equal(dlq_editor_run(path), -1);
	setenv("VISUAL", "kill -9 $$;", 1);
	assert_int_equal(dlq_editor_run(path), -1);
	setenv("VISUAL", "/no/such/editor", 1);
	assert_int_equal(dlq_editor_run(path), -1);
	assert_reads(path, "new", 3);
	unsetenv("VISUAL");
	unsetenv("EDITOR");
	assert_int_equal(unlink(path), 0);
	free(path);
}

static void
test_refused(void **state)
{
	char *text = NULL;
	size_t len;

	(void)state;
	assert_int_equal(dlq_editor_read("/no/such/file", &text, &len), -1);
	assert_null(text);
	assert_int_equal(dlq_editor_read("/tmp", &text, &len), -1);
	assert_null(text);
	assert_int_equal(dlq_editor_read("/dev/zero", &text, &len), -1); /* without end */
	assert_null(text);
	setenv("TMPDIR", "/no/such/folder", 1);
	assert_null(dlq_editor_write(SPAN_LITERAL("x")));
	unsetenv("TMPDIR");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("dlq_editor", tests, NULL, NULL);
}
