/* SPDX-License-Identifier: MIT */
/*
 * test_log_guess.c - what a line of another form is said to look like.
 */
#include "clean_worker/log_guess.h"
#include "common/base/defs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COMMON "192.0.2.1 - - [10/Oct/2020:13:55:36 -0700] \"GET /x HTTP/1.1\" 200 5"
#define COMBINED COMMON " \"-\" \"Mozilla/5.0 (X11)\""

static const struct {
	const char *format, *line, *guess;
} cases[] = {
	{"common", COMBINED, "the line has the form of combined"},
	{"combined", COMMON, "the line has the form of common"},
	{"ezproxy", COMBINED, "the line has the form of combined"},
	{"combined", COMBINED " \"198.51.100.7\"",
	 "the line has the form of combined with further fields at its end, as nginx's log_format "
	 "main or LiteSpeed write them"},
	{"combined", "www.example.org:443 " COMBINED,
	 "the line has the form of combined behind its first 20 bytes (a virtual host, or the prefix "
	 "of syslog or a container)"},
	{"common", "www.example.org " COMMON,
	 "the line has the form of common behind its first 16 bytes (a virtual host, or the prefix of "
	 "syslog or a container)"},
	{"combined", "Nov 26 10:00:00 web1 nginx: " COMBINED,
	 "the line has the form of combined behind its first 28 bytes (a virtual host, or the prefix "
	 "of syslog or a container)"},
	{"combined", "2026-11-26T10:00:00.000000000Z stdout F " COMBINED,
	 "the line has the form of combined behind its first 40 bytes (a virtual host, or the prefix "
	 "of syslog or a container)"},
	{"combined", "{\"remote_addr\":\"192.0.2.1\"}", "the line looks like JSON"},
	{"combined", "#Fields: date time", "the line looks like a comment, as W3C logs have them"},
	{"combined", "192.0.2.1 s3ss10n - [10/Oct/2020:13:55:36 -0700] \"GET /x HTTP/1.1\" 200 5 -",
	 "the line has the form of ezproxy"},
	{"combined", "Killed", ""},
	{"combined", "", ""},
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct log_format *format = log_format_find(span_of(cases[i].format));
		struct span line = span_of(cases[i].line);
		struct access_line access;
		struct parse_error error;
		char out[LOG_GUESS_SIZE];

		assert_int_not_equal(log_parse(format, line, &access, &error), REASON_NONE);
		assert_string_equal(log_guess(format, line, &error, out), cases[i].guess);
	}
}

/* A line of one megabyte of words is not worth it, and is not read again and again. */
static void
test_long_line(void **state)
{
	const size_t len = 1 << 20;
	char *bytes = malloc(len), out[LOG_GUESS_SIZE];
	struct parse_error error = {.expected = "", .offset = 0};

	(void)state;
	memset(bytes, ' ', len);
	assert_string_equal(log_guess(log_format_find(SPAN_LITERAL("common")),
				      (struct span){bytes, len}, &error, out),
			    "");
	free(bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_long_line),
	};

	return cmocka_run_group_tests_name("log_guess", tests, NULL, NULL);
}
