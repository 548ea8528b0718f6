/* SPDX-License-Identifier: MIT */
/*
 * test_text_wrap.c - long lines break between words.
 */
#include "supervisor/cli/text_wrap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void
assert_wrapped(const char *text, size_t width, size_t indent, const char *wanted)
{
	char *got = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&got, &len);

	assert_non_null(out);
	text_wrap_print(out, text, width, indent);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(got, wanted);
	free(got);
}

static void
test_between_words(void **state)
{
	(void)state;
	assert_wrapped("one two three four", 12, 0, "one two\nthree four\n");
	assert_wrapped("one two three four", 13, 2, "one two three\n  four\n");
	assert_wrapped("one", 12, 2, "one\n");
	assert_wrapped("", 12, 2, "\n");
	assert_wrapped("one  two", 0, 2, "one  two\n"); /* no terminal: as it is */
	assert_wrapped("far too narrow to wrap", 5, 2, "far too narrow to wrap\n");
}

/* A word longer than the line is cut, but no character is. */
static void
test_long_words(void **state)
{
	(void)state;
	assert_wrapped("aaaaaaaaaaaabbb", 12, 0, "aaaaaaaaaaaa\nbbb\n");
	assert_wrapped("aaaaaaaaaaa\xc3\xa9z", 12, 0, "aaaaaaaaaaa\n\xc3\xa9z\n");
	assert_int_equal(text_wrap_len("abc", 0), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_between_words),
		cmocka_unit_test(test_long_words),
	};

	return cmocka_run_group_tests_name("text_wrap", tests, NULL, NULL);
}
