/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_headers.c - headers of messages that are sent once more, held or edited.
 */
#include "supervisor/dlq/dlq_headers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resend_edit_hold),
	};

	return cmocka_run_group_tests_name("dlq_headers", tests, NULL, NULL);
}
