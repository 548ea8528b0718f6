/* SPDX-License-Identifier: MIT */
/*
 * test_lines.c - where the lines of a message body start and end.
 */
#include "common/message/lines.h"
#include "common/base/defs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#define MAX_LINES 5

static void
test_cases(void **state)
{
	static const struct {
		struct span body;
		size_t count;
		const char *lines[MAX_LINES];
		size_t offsets[MAX_LINES];
	} cases[] = {
		{SPAN_LITERAL(""), 0, {NULL}, {0}},
		{SPAN_LITERAL("a"), 1, {"a"}, {0}},
		{SPAN_LITERAL("a\n"), 1, {"a"}, {0}},
		{SPAN_LITERAL("a\r\n"), 1, {"a"}, {0}},
		{SPAN_LITERAL("a\r"), 1, {"a\r"}, {0}},
		{SPAN_LITERAL("\n"), 1, {""}, {0}},
		{SPAN_LITERAL("\r"), 1, {"\r"}, {0}},
		{SPAN_LITERAL("\r\n"), 1, {""}, {0}},
		{SPAN_LITERAL("\n\n"), 2, {"", ""}, {0, 1}},
		{SPAN_LITERAL("\n\r"), 2, {"", "\r"}, {0, 1}},
		{SPAN_LITERAL("a\nb"), 2, {"a", "b"}, {0, 2}},
		{SPAN_LITERAL("a\nb\n"), 2, {"a", "b"}, {0, 2}},
		{SPAN_LITERAL("a\n\nb"), 3, {"a", "", "b"}, {0, 2, 3}},
		{SPAN_LITERAL("a\r\n\r\nb\r\n"), 3, {"a", "", "b"}, {0, 3, 5}},
		{SPAN_LITERAL("a\r\r\nb\r\r"), 2, {"a\r", "b\r\r"}, {0, 4}},
		{SPAN_LITERAL("a\rb\nc"), 2, {"a\rb", "c"}, {0, 4}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *bytes = malloc(cases[i].body.len > 0 ? cases[i].body.len : 1);
		memcpy(bytes, cases[i].body.ptr, cases[i].body.len);
		struct span body = {bytes, cases[i].body.len}, line;
		struct line_reader reader = lines_of(body);
		for (size_t n = 0; n < cases[i].count; n++) {
			assert_true(lines_next(&reader, &line));
			assert_true(span_equals(line, span_of(cases[i].lines[n])));
			assert_int_equal(reader.offset, cases[i].offsets[n]);
			assert_ptr_equal(line.ptr, bytes + reader.offset);
		}
		assert_false(lines_next(&reader, &line));
		assert_false(lines_next(&reader, &line));
		assert_int_equal(lines_count(body), cases[i].count);
		free(bytes);
	}
	assert_int_equal(lines_count(SPAN_NULL), 0);
}

static void
test_nul_is_a_byte(void **state)
{
	struct line_reader reader = lines_of(SPAN_LITERAL("a\0b\nc"));
	struct span line;

	(void)state;
	assert_true(lines_next(&reader, &line));
	assert_true(span_equals(line, SPAN_LITERAL("a\0b")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_nul_is_a_byte),
	};

	return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
