/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_format.c - the format of a file by the inputs.
 */
#include "supervisor/dlq/dlq_format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
test_input_formats(void **state)
{
	char path[] = "/var/log/x/*.log", format[] = "combined";
	struct input_settings input = {.path = path, .format = format};
	struct settings settings = {.inputs = &input, .input_count = 1};

	(void)state;
	assert_string_equal(dlq_format_of_input(&settings, SPAN_LITERAL("/var/log/x/a.log")),
			    "combined");
	assert_string_equal(dlq_format_of_input(&settings, SPAN_LITERAL("/var/log/x/a.log.1")),
			    "combined");
	assert_null(dlq_format_of_input(&settings, SPAN_LITERAL("/var/log/y/a.log")));
	assert_null(dlq_format_of_input(&settings, SPAN_NULL));
}

/* --format, --keep-format, the input's, the letter's own. */
static void
test_choice(void **state)
{
	char path[] = "/var/log/x/*.log", format[] = "combined";
	struct input_settings input = {.path = path, .format = format};
	struct settings settings = {.inputs = &input, .input_count = 1};
	struct message message = MESSAGE_INIT;

	(void)state;
	assert_null(dlq_format_choose(&settings, NULL, false, &message));
	message.source = SPAN_LITERAL("/var/log/x/a.log");
	assert_string_equal(dlq_format_choose(&settings, NULL, false, &message), "combined");
	assert_null(dlq_format_choose(&settings, NULL, true, &message));
	assert_string_equal(dlq_format_choose(&settings, "ezproxy", false, &message), "ezproxy");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_input_formats),
		cmocka_unit_test(test_choice),
	};

	return cmocka_run_group_tests_name("dlq_format", tests, NULL, NULL);
}
