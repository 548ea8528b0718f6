/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_headers.c - headers of messages that are sent once more, held or edited.
 */
#include "supervisor/dlq/dlq_headers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void
test_resend_edit_hold(void **state)
{
	json_t *p = json_loads("{\"headers\": {\"x-death\": [], \"x-first-death-queue\": \"q\", "
			       "\"x-sluice-reason\": \"r\", \"x-sluice-first-failed\": 1, "
			       "\"x-own\": true, \"x-sluice-format\": \"ezproxy\"}}",
			       0, NULL),
	       *wanted = json_loads("{\"headers\": {\"x-sluice-first-failed\": 1, \"x-own\": true, "
				    "\"x-sluice-format\": \"combined\", \"x-sluice-retries\": 3}}",
				    0, NULL);

	(void)state;
	dlq_headers_resend(p, 3, "combined");
	assert_true(json_equal(p, wanted));
	dlq_headers_edit(p, SPAN_LITERAL("first"), "me", 5);
	dlq_headers_edit(p, SPAN_LITERAL("second"), "you", 6);
	assert_string_equal(json_string_value(json_object_get(json_object_get(p, "headers"),
							      "x-sluice-original")),
			    "first");
	dlq_headers_hold(p, "me", 5);
	dlq_headers_hold(p, NULL, 0);
	assert_null(json_object_get(json_object_get(p, "headers"), DLQ_HELD_HEADER));
	json_decref(p);
	json_decref(wanted);
}

/* Headers that are names or begin so, and no others. */
static void
test_what_goes(void **state)
{
	static const char *const gone[] = {
		"x-sluice-stage", "x-sluice-detail",  "x-sluice-attempts",    "x-sluice-worker",
		"x-sluice-held",  "x-last-death-why", "x-sluice-last-failed", "x-delivery-count",
	};
	static const char *const stay[] = {
		"x-sluice-first-failed", "x-sluice-original", "x-deaths",
		"x-first-death",	 "X-DEATH",	      "x-sluice-source"};
	json_t *properties = json_object(), *headers;

	(void)state;
	dlq_headers_resend(properties, 1, NULL); /* there were no headers */
	headers = json_object_get(properties, "headers");
	assert_int_equal(json_object_size(headers), 1);
	for (size_t i = 0; i < ARRAY_LEN(gone); i++)
		json_object_set_new(headers, gone[i], json_true());
	for (size_t i = 0; i < ARRAY_LEN(stay); i++)
		json_object_set_new(headers, stay[i], json_true());
	dlq_headers_resend(properties, 2, NULL);
	for (size_t i = 0; i < ARRAY_LEN(gone); i++)
		assert_null(json_object_get(headers, gone[i]));
	for (size_t i = 0; i < ARRAY_LEN(stay); i++)
		assert_non_null(json_object_get(headers, stay[i]));
	assert_int_equal(json_integer_value(json_object_get(headers, "x-sluice-retries")), 2);
	assert_null(json_object_get(headers, "x-sluice-format"));
	json_decref(properties);
}

static void
test_split(void **state)
{
	struct message message = MESSAGE_INIT;
	json_t *properties = json_object(), *headers;

	(void)state;
	message.file_id = SPAN_LITERAL("f");
	message.message_id = SPAN_LITERAL("f:100");
	message.offset = 100;
	dlq_headers_split(properties, &message, 7);
	headers = json_object_get(properties, "headers");
	assert_int_equal(json_integer_value(json_object_get(headers, "x-sluice-offset")), 107);
	assert_int_equal(json_integer_value(json_object_get(headers, "x-sluice-lines")), 1);
	assert_string_equal(json_string_value(json_object_get(properties, "message_id")), "f:107");
	json_decref(properties);
}

/* What is not text, and no more of it than a header holds. */
static void
test_odd_original(void **state)
{
	static char long_line[5000];
	json_t *properties = json_object(), *headers, *original;

	(void)state;
	dlq_headers_edit(properties, SPAN_LITERAL("\xff"), "me", 5);
	headers = json_object_get(properties, "headers");
	original = json_object_get(headers, "x-sluice-original");
	assert_string_equal(json_string_value(json_object_get(original, "$text")), "/w==");
	assert_int_equal(json_integer_value(json_object_get(
				 json_object_get(headers, "x-sluice-edited-at"), "$time")),
			 5);
	json_decref(properties);
	properties = json_object();
	memset(long_line, 'x', sizeof(long_line));
	dlq_headers_edit(properties, (struct span){long_line, sizeof(long_line)}, "me", 5);
	original = json_object_get(json_object_get(properties, "headers"), "x-sluice-original");
	assert_int_equal(json_string_length(original), 4096);
	json_decref(properties);
}

static void
test_operator(void **state)
{
	char text[256];

	(void)state;
	unsetenv("SUDO_USER");
	assert_null(strstr(dlq_headers_operator(text), " as "));
	assert_non_null(strchr(text, '@'));
	setenv("SUDO_USER", "anna", 1);
	assert_int_equal(strncmp(dlq_headers_operator(text), "anna as ", 8), 0);
	setenv("SUDO_USER", "\xff", 1);
	assert_int_equal(strncmp(dlq_headers_operator(text), "uid ", 4), 0);
	unsetenv("SUDO_USER");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resend_edit_hold),
		cmocka_unit_test(test_what_goes),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_odd_original),
		cmocka_unit_test(test_operator),
	};

	return cmocka_run_group_tests_name("dlq_headers", tests, NULL, NULL);
}
