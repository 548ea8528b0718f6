/* SPDX-License-Identifier: MIT */
/*
 * test_visible_text.c - every kind of character that a terminal obeys or does not show.
 */
#include "common/base/visible_text.h"
#include "common/base/defs.h"
#include "common/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct {
	const char *in, *out;
} cases[] = {
	{"", ""},
	{"plain gr\xc3\xbc\xc3\x9f \\x1B", "plain gr\xc3\xbc\xc3\x9f \\x1B"},
	{"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
	/* C0, DEL, C1 */
	{"\x1b[31m\x07\x7f\n\t", "\\x1B[31m\\x07\\x7F\\x0A\\x09"},
	{"\xc2\x80\xc2\x9b\xc2\x9f", "\\u{80}\\u{9B}\\u{9F}"},
	/* not UTF-8: single bytes, a surrogate, an overlong NUL, half a character at the end */
	{"\xff\xed\xa0\x80", "\\xFF\\xED\\xA0\\x80"},
	{"\xc0\x80", "\\xC0\\x80"},
	{"\x9b[31m", "\\x9B[31m"},
	{"\xf0\x9f", "\\xF0\\x9F"},
	/* direction: embeddings, overrides, isolates, marks */
	{"\xe2\x80\xaa\xe2\x80\xae"
	 "exe.\xe2\x81\xa6\xe2\x81\xa9",
	 "\\u{202A}\\u{202E}exe.\\u{2066}\\u{2069}"},
	{"\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c", "\\u{200E}\\u{200F}\\u{61C}"},
	/* invisible: zero width, separators, byte order mark, soft hyphen, selectors, tags */
	{"\xe2\x80\x8b\xe2\x80\x8d\xe2\x81\xa0", "\\u{200B}\\u{200D}\\u{2060}"},
	{"\xe2\x80\xa8\xe2\x80\xa9", "\\u{2028}\\u{2029}"},
	{"\xef\xbb\xbf\xc2\xad", "\\u{FEFF}\\u{AD}"},
	{"\xef\xb8\x8f\xe3\x85\xa4", "\\u{FE0F}\\u{3164}"},
	{"\xf3\xa0\x80\x81\xf3\xa0\x81\xbf\xf3\xa0\x84\x80", "\\u{E0001}\\u{E007F}\\u{E0100}"},
};

static void
test_cases(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text = visible_text_new(span_of(cases[i].in), 0);

		assert_string_equal(text, cases[i].out);
		free(text);
	}
}

static void
test_nul_is_a_byte_like_others(void **state UNUSED)
{
	char *text = visible_text_new(SPAN_LITERAL("a\0b"), 0);

	assert_string_equal(text, "a\\x00b");
	free(text);
}

/* What comes out has nothing left to escape, whatever went in. */
static void
test_all_that_is_printed_is_visible(void **state UNUSED)
{
	char bytes[4096];
	uint32_t random = 1;

	for (int round = 0; round < 50; round++) {
		char *once, *twice;

		for (size_t i = 0; i < sizeof(bytes); i++) {
			random = random * 1664525 + 1013904223;
			bytes[i] = (char)(random >> 24);
		}
		once = visible_text_new((struct span){bytes, sizeof(bytes)}, 0);
		twice = visible_text_new(span_of(once), 0);
		assert_string_equal(once, twice);
		assert_true(utf8_valid(span_of(once)));
		free(once);
		free(twice);
	}
}

static void
test_long_text_is_cut_between_characters(void **state UNUSED)
{
	char *text = visible_text_new(SPAN_LITERAL("abcdef"), 3);

	assert_string_equal(text, "abc\xe2\x80\xa6");
	free(text);
	text = visible_text_new(SPAN_LITERAL("abc"), 3);
	assert_string_equal(text, "abc");
	free(text);
	text = visible_text_new(SPAN_LITERAL("\xc3\xbc\xc3\xbc\xc3\xbc"), 2);
	assert_string_equal(text, "\xc3\xbc\xc3\xbc\xe2\x80\xa6");
	free(text);
	text = visible_text_new(SPAN_LITERAL("\x1b\x1b"), 2);
	assert_string_equal(text, "\\x1B\xe2\x80\xa6");
	free(text);
}

static void
test_place_is_a_column(void **state UNUSED)
{
	static const struct {
		size_t byte, column;
	} places[] = {{0, 0}, {1, 4}, {3, 5}, {4, 6}, {99, 6}};
	FILE *out = tmpfile();

	assert_non_null(out);
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		size_t place = places[i].byte;

		visible_text_print(out, SPAN_LITERAL("\x1b\xc3\xbcz"), 0, &place);
		assert_int_equal(place, places[i].column);
	}
	fclose(out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_nul_is_a_byte_like_others),
		cmocka_unit_test(test_all_that_is_printed_is_visible),
		cmocka_unit_test(test_long_text_is_cut_between_characters),
		cmocka_unit_test(test_place_is_a_column),
	};

	return cmocka_run_group_tests_name("visible_text", tests, NULL, NULL);
}
