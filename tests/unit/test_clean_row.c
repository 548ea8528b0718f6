/* SPDX-License-Identifier: MIT */
/*
 * test_clean_row.c - a line as a row of clean_log, by the format that its message names.
 */
#include "clean_worker/clean_row.h"
#include "common/base/defs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define ID "0123456789abcdef0123456789abcdef"
#define TIME "[10/Oct/2000:13:55:36 -0700]"

static void *clean;
static char detail[REJECT_DETAIL_MAX];

/* clean.format is "common", the second of SETTINGS_FORMATS. */
static int
open_state(void **state)
{
	struct settings settings = {.clean = {.format = 1}};

	(void)state;
	clean = clean_state_new(&settings);
	return 0;
}

static int
close_state(void **state)
{
	(void)state;
	clean_state_free(clean);
	return 0;
}

/* format NULL = the message names none. */
static enum reason
fill(const char *format, const char *line, struct clean_row *row)
{
	struct message message = MESSAGE_INIT;
	struct line_context context = {
		.line = span_of(line), .valid_utf8 = true, .message = &message, .origin = 7};

	message.format = span_of(format);
	memcpy(context.id, ID, sizeof(context.id));
	memset(row, 0, sizeof(*row));
	detail[0] = '\0';
	return clean_row_fill(clean, &context, row, detail);
}

static void
assert_text(struct span found, const char *text)
{
	if (!span_equals(found, span_of(text)) || (found.ptr == NULL) != (text == NULL))
		fail_msg("\"%.*s\" instead of \"%s\"", (int)found.len, found.ptr,
			 text != NULL ? text : "(null)");
}

static void
test_every_column(void **state)
{
	struct clean_row row;

	(void)state;
	assert_int_equal(
		fill("combined",
		     "1.2.3.4 - a@b.example " TIME
		     " \"GET http://h.example:80/x y HTTP/1.1\" 404 512 \"http://r\" \"curl\"",
		     &row),
		REASON_NONE);
	assert_memory_equal(row.id, ID, sizeof(row.id));
	assert_int_equal(row.timestamp, INT64_C(20001010205536));
	assert_text(row.ip, "1.2.3.4");
	assert_text(row.country, NULL);
	assert_text(row.city, NULL);
	assert_text(row.session, NULL);
	assert_text(row.user, "a@b.example");
	assert_text(row.email_domain, "b.example");
	assert_text(row.rest_method, "GET");
	assert_text(row.url, "http://h.example:80/x y");
	assert_text(row.schema, "http");
	assert_text(row.host, "h.example");
	assert_text(row.rest_version, "HTTP/1.1");
	assert_int_equal(row.status, 404);
	assert_text(row.status_verbose, "Not Found");
	assert_int_equal(row.size_bytes, 512);
	assert_text(row.referer, "http://r");
	assert_text(row.user_agent, "curl");
	assert_int_equal(row.origin, 7);
}

/* A request that is none fails nothing; no size is no 0. */
static void
test_absent_values(void **state)
{
	struct clean_row row;

	(void)state;
	assert_int_equal(fill(NULL, "h - - " TIME " \"-\" 400 -", &row), REASON_NONE);
	assert_text(row.user, NULL);
	assert_text(row.email_domain, NULL);
	assert_text(row.rest_method, NULL);
	assert_text(row.url, NULL);
	assert_text(row.host, NULL);
	assert_int_equal(row.size_bytes, ROW_NUMBER_NULL);
	assert_int_equal(fill(NULL, "h - - " TIME " \"GET / HTTP/1.1\" 200 0", &row), REASON_NONE);
	assert_int_equal(row.size_bytes, 0);
	assert_text(row.schema, NULL);
}

/* The message's format counts, else the default one; one message does not decide for the next. */
static void
test_formats(void **state)
{
	static const char common[] = "h - u " TIME " \"GET / HTTP/1.1\" 200 5";
	static const char ezproxy[] = "h s u " TIME " \"GET / HTTP/1.1\" 200 5 -";
	struct clean_row row;

	(void)state;
	assert_int_equal(fill(NULL, common, &row), REASON_NONE);
	assert_text(row.session, NULL);
	assert_int_equal(fill("ezproxy", ezproxy, &row), REASON_NONE);
	assert_text(row.session, "s");
	assert_int_equal(fill("ezproxy", ezproxy, &row), REASON_NONE);
	assert_text(row.session, "s");
	assert_int_equal(fill(NULL, common, &row), REASON_NONE);
	assert_text(row.session, NULL);
	assert_int_equal(fill("apache", common, &row), REASON_PARSE_UNKNOWN_FORMAT);
	assert_string_equal(detail, "format \"apache\" of the message is unknown");
	assert_int_equal(fill("", common, &row), REASON_PARSE_UNKNOWN_FORMAT);
	assert_int_equal(fill("ezproxy", ezproxy, &row), REASON_NONE);
}

/* What is told of a line that stopped: format, byte counted from 1, what was expected. */
static void
test_details(void **state)
{
	char name[2000];
	struct clean_row row;

	(void)state;
	assert_int_equal(fill(NULL, "h - u " TIME " \"GET / HTTP/1.1\" 2x0 5", &row),
			 REASON_PARSE_NO_MATCH);
	assert_string_equal(detail, "format common, byte 54: expected a three-digit status after "
				    "the request's closing quote");
	assert_int_equal(fill("combined", "h - u [31/Feb/2000:13:55:36 -0700] \"-\" 200 5", &row),
			 REASON_PARSE_BAD_TIME);
	assert_string_equal(detail, "format combined, byte 8: expected a time that exists");
	/* a name from a stranger is cut, not copied whole */
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(fill(name, "h", &row), REASON_PARSE_UNKNOWN_FORMAT);
	assert_true(strlen(detail) < 120);
}

static int
compare(const struct clean_row *a, const struct clean_row *b)
{
	int order = clean_row_compare(&a, &b);

	assert_int_equal(clean_row_compare(&b, &a) < 0, order > 0);
	assert_int_equal(clean_row_compare(&b, &a) == 0, order == 0);
	return order;
}

static void
test_order_is_that_of_the_key(void **state)
{
	static struct clean_row low, high;

	(void)state;
	assert_int_equal(compare(&low, &high), 0);
	high.origin = UINT64_MAX;
	assert_true(compare(&low, &high) < 0);
	low.origin = UINT64_MAX; /* the id counts before the origin */
	high.origin = 0;
	high.id[ROW_ID_LEN - 1] = '6';
	assert_true(compare(&low, &high) < 0);
	low.id[0] = 'f'; /* the time before the id */
	high.timestamp = 1;
	assert_true(compare(&low, &high) < 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_column),
		cmocka_unit_test(test_absent_values),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_details),
		cmocka_unit_test(test_order_is_that_of_the_key),
	};

	return cmocka_run_group_tests_name("clean_row", tests, open_state, close_state);
}
