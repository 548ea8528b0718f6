/* SPDX-License-Identifier: MIT */
/* frame.c: which lines make the next message. */
#include "producer/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/defs.h"

static const struct {
	const char *name, *data;
	struct frame_limits limits;
	enum frame_cut want;
	size_t length;
	uint32_t lines;
} cases[] = {
	{"nothing", "", {10, 100, 50}, FRAME_CUT_NONE, 0, 0},
	{"no line end", "abc", {10, 100, 50}, FRAME_CUT_NONE, 0, 0},
	{"one line", "abc\n", {10, 100, 50}, FRAME_CUT_LINES, 4, 1},
	{"an empty line is a line", "\n", {10, 100, 50}, FRAME_CUT_LINES, 1, 1},
	{"the unfinished one stays", "abc\nde", {10, 100, 50}, FRAME_CUT_LINES, 4, 1},
	{"all that is there", "a\nb\nc\n", {10, 100, 50}, FRAME_CUT_LINES, 6, 3},
	{"no more than lines", "a\nb\nc\n", {2, 100, 50}, FRAME_CUT_LINES, 4, 2},
	{"no more than bytes", "aaa\nbbb\nccc\n", {10, 8, 50}, FRAME_CUT_LINES, 8, 2},
	{"one byte short", "aaa\nbbb\nccc\n", {10, 7, 50}, FRAME_CUT_LINES, 4, 1},
	{"a single line may be longer than bytes",
	 "aaaaaaaa\n",
	 {10, 4, 50},
	 FRAME_CUT_LINES,
	 9,
	 1},
	{"exactly the longest line", "aaaaa\nb\n", {10, 100, 5}, FRAME_CUT_LINES, 8, 2},
	{"too long", "aaaaaa\nb\n", {10, 100, 5}, FRAME_CUT_TOO_LONG, 7, 1},
	{"stops before one too long", "b\naaaaaa\n", {10, 100, 5}, FRAME_CUT_LINES, 2, 1},
	{"too long without its end", "aaaaaaaaaa", {10, 100, 5}, FRAME_CUT_NONE, 0, 0},
};

static void
test_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t length = 0;
		uint32_t lines = 0;
		enum frame_cut got = frame_cut(cases[i].data, strlen(cases[i].data),
					       &cases[i].limits, &length, &lines);

		if (got != cases[i].want || length != cases[i].length || lines != cases[i].lines)
			fail_msg("%s: got %d, %zu bytes, %u lines", cases[i].name, (int)got, length,
				 lines);
	}
}

/* Whatever the limits, cutting a text to its end gives back the text. */
static void
test_nothing_is_lost(void **state)
{
	const char *text = "one\n\nthree three three\n4\n\n\nseven seven\n8\n";
	size_t size = strlen(text);

	(void)state;
	for (size_t lines = 1; lines < 10; lines++)
		for (size_t bytes = 1; bytes < 50; bytes++) {
			struct frame_limits limits = {lines, bytes, 100};
			size_t at = 0, length;
			uint32_t count, total = 0;

			while (frame_cut(text + at, size - at, &limits, &length, &count) ==
			       FRAME_CUT_LINES) {
				assert_true(count >= 1 && count <= lines);
				assert_true(count == 1 || length <= bytes);
				assert_int_equal(text[at + length - 1], '\n');
				at += length;
				total += count;
			}
			assert_int_equal(at, size);
			assert_int_equal(total, 8);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_nothing_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
