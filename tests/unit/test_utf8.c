/* SPDX-License-Identifier: MIT */
/*
 * test_utf8.c - every lead byte, every bound of RFC 3629, every place in a word of eight.
 */
#include "common/base/utf8.h"
#include "common/base/defs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static const struct {
	struct span in;
	struct span escaped;
} cases[] = {
#define VALID(text) {SPAN_LITERAL(text), SPAN_LITERAL(text)}
#define INVALID(text, shown) {SPAN_LITERAL(text), SPAN_LITERAL(shown)}
	VALID(""),
	VALID("a"),
	VALID("a\0b"),
	VALID("\x7f"),
	VALID("back\\slash \\xFF"),
	VALID("\xc2\x80"),
	VALID("\xdf\xbf"),
	VALID("\xe0\xa0\x80"),
	VALID("\xec\xbf\xbf"),
	VALID("\xed\x9f\xbf"),
	VALID("\xee\x80\x80"),
	VALID("\xef\xbf\xbf"),
	VALID("\xf0\x90\x80\x80"),
	VALID("\xf4\x8f\xbf\xbf"),
	INVALID("\x80", "\\x80"),
	INVALID("\xbf", "\\xBF"),
	INVALID("\xff", "\\xFF"),
	INVALID("\xc0\x80", "\\xC0\\x80"),
	INVALID("\xc1\xbf", "\\xC1\\xBF"),
	INVALID("\xe0\x9f\xbf", "\\xE0\\x9F\\xBF"),
	INVALID("\xed\xa0\x80", "\\xED\\xA0\\x80"),
	INVALID("\xed\xbf\xbf", "\\xED\\xBF\\xBF"),
	INVALID("\xf0\x8f\xbf\xbf", "\\xF0\\x8F\\xBF\\xBF"),
	INVALID("\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"),
	INVALID("\xf5\x80\x80\x80", "\\xF5\\x80\\x80\\x80"),
	INVALID("\xc3", "\\xC3"),
	INVALID("\xe2\x82", "\\xE2\\x82"),
	INVALID("\xe2\x82q", "\\xE2\\x82q"),
	INVALID("\xf0\x9f\x98", "\\xF0\\x9F\\x98"),
	INVALID("\xf0\x9f\x98\xc3\xa9", "\\xF0\\x9F\\x98\xc3\xa9"),
	INVALID("\xc3\xa9\xc3", "\xc3\xa9\\xC3"),
	INVALID("\xe2\x28\xa1", "\\xE2(\\xA1"),
};

static void
check(const char *ptr, size_t len, struct span want, bool valid)
{
	struct span in = {ptr, len};
	char *out = malloc(want.len > 0 ? want.len : 1);

	assert_int_equal(utf8_valid(in), valid);
	assert_int_equal(utf8_escaped_len(in), want.len);
	assert_int_equal(utf8_escape(in, out, want.len), want.len);
	assert_memory_equal(out, want.ptr, want.len);
	free(out);
}

/* Each case behind and before 0 to 17 ASCII bytes: every place in the steps of eight. */
static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool valid = span_equals(cases[i].in, cases[i].escaped);
		for (size_t before = 0; before < 18; before++) {
			for (size_t after = 0; after < 18; after++) {
				size_t len = before + cases[i].in.len + after;
				struct span want = {.len = before + cases[i].escaped.len + after};
				char *in = malloc(len > 0 ? len : 1);
				char *shown = malloc(want.len > 0 ? want.len : 1);
				memset(in, 'b', before);
				memcpy(in + before, cases[i].in.ptr, cases[i].in.len);
				memset(in + len - after, 'a', after);
				memset(shown, 'b', before);
				memcpy(shown + before, cases[i].escaped.ptr, cases[i].escaped.len);
				memset(shown + want.len - after, 'a', after);
				want.ptr = shown;
				check(in, len, want, valid);
				free(in);
				free(shown);
			}
		}
	}
	assert_true(utf8_valid(SPAN_NULL));
	assert_int_equal(utf8_escape(SPAN_NULL, NULL, 0), 0);
}

/* All code points as the encoder of the standard writes them, and none of the surrogates. */
static void
test_code_points(void **state)
{
	(void)state;
	for (uint32_t c = 0x80; c < 0x120000; c++) {
		char text[4];
		size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
		for (size_t i = len - 1, rest = c; i > 0; i--, rest >>= 6)
			text[i] = (char)(0x80 | (rest & 0x3f));
		text[0] = (char)(len == 2   ? 0xc0 | c >> 6
				 : len == 3 ? 0xe0 | c >> 12
					    : 0xf0 | c >> 18);
		bool want = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
		assert_int_equal(utf8_valid((struct span){text, len}), want);
		assert_false(utf8_valid((struct span){text, len - 1}));
	}
}

static void
test_worst_case(void **state)
{
	char in[300], out[sizeof(in) * UTF8_ESCAPE_LEN];

	(void)state;
	memset(in, 0xfe, sizeof(in));
	assert_int_equal(utf8_escape((struct span){in, sizeof(in)}, out, sizeof(out)), sizeof(out));
	for (size_t i = 0; i < sizeof(out); i += UTF8_ESCAPE_LEN)
		assert_memory_equal(out + i, "\\xFE", UTF8_ESCAPE_LEN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_code_points),
		cmocka_unit_test(test_worst_case),
	};

	return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
