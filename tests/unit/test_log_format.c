/* SPDX-License-Identifier: MIT */
/*
 * test_log_format.c - format strings that are refused, and the built-in formats.
 */
#include "clean_worker/log_format.h"
#include "common/base/defs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static void
test_compile_refuses(void **state)
{
	static const char tail[] = "\" %s %b";
	static const struct {
		const char *string;
		const char *error;
	} cases[] = {
		{"%h %t \"%r\" %s %x", "format own: unknown directive: \"%x\" at position 15"},
		{"%h %t \"%r\" %s %", "format own: unknown directive: \"%\" at position 15"},
		{"%h %t \"%r\" %s %>", "format own: unknown directive: \"%>\" at position 15"},
		{"%h %t \"%r\" %s %>b", "format own: unknown directive: \"%>b\" at position 15"},
		{"%{Referer", "format own: unknown directive: \"%{Referer\" at position 1"},
		{"%{Referer}", "format own: unknown directive: \"%{Referer}\" at position 1"},
		{"%{Referer}o", "format own: unknown directive: \"%{Referer}o\" at position 1"},
		{"%{}i", "format own: unknown directive: \"%{}i\" at position 1"},
		{"%h%u %t \"%r\" %s", "format own: nothing stands between this directive and the "
				      "one before: \"%u %t \"%r\" %s\" at position 3"},
		{"%h %h %t \"%r\" %s",
		 "format own: the same directive a second time: \"%h %t \"%r\" %s\" at position 4"},
		{"", "format own: the host, %h, is missing"},
		{"%u %t \"%r\" %s", "format own: the host, %h, is missing"},
		{"%h \"%r\" %s", "format own: the time, %t, is missing"},
		{"%h %t %r %s", "format own: the request in quotes, \"%r\", is missing"},
		{"%h %t %s", "format own: the request in quotes, \"%r\", is missing"},
		{"%h %t \"%r\" %b",
		 "format own: a status, %s or %>s, is missing after the request"},
		{"%h %t %s \"%r\"",
		 "format own: a status, %s or %>s, is missing after the request"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *error = NULL;
		print_message("%s\n", cases[i].string);
		assert_null(log_format_compile("own", cases[i].string, &error));
		assert_string_equal(error, cases[i].error);
		free(error);
	}

	/* As many parts as there may be, and one more than that, and far more. */
	for (size_t parts = 30; parts < 300; parts++) {
		char string[1300] = "%h %t \"%r", *error = NULL;
		for (size_t i = 0; i < parts; i++)
			memcpy(string + 9 + i * 4, " %%", 4), string[12 + i * 4] = '.';
		memcpy(string + 9 + parts * 4, tail, sizeof(tail));
		struct log_format *format = log_format_compile("own", string, &error);
		assert_true((format == NULL) == (error != NULL));
		log_format_free(&format);
		free(error);
	}
}

static void
test_find(void **state)
{
	(void)state;
	assert_non_null(log_format_find(SPAN_LITERAL("combined")));
	assert_ptr_equal(log_format_find(SPAN_LITERAL("common")),
			 log_format_find(SPAN_LITERAL("common")));
	assert_string_equal(log_format_name(log_format_find(SPAN_LITERAL("ezproxy"))), "ezproxy");
	assert_null(log_format_find(SPAN_LITERAL("")));
	assert_null(log_format_find(SPAN_NULL));
	assert_null(log_format_find(SPAN_LITERAL("commo")));
	assert_null(log_format_find(SPAN_LITERAL("common\0")));
	assert_null(log_format_find(SPAN_LITERAL("Common")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compile_refuses),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests_name("log_format", tests, NULL, NULL);
}
