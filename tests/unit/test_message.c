/* SPDX-License-Identifier: MIT */
/*
 * test_message.c - what of a body counts as lines.
 */
#include "common/message/lines.h"
#include "common/message/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
test_empty_lines(void **state)
{
	struct message message = MESSAGE_INIT;

	(void)state;
	message.body = SPAN_LITERAL("");
	message.reason = SPAN_LITERAL("parse.no_match");
	assert_int_equal(lines_count(message_lines(&message)), 1);
	assert_true(span_equals(message_lines(&message), SPAN_LITERAL("\n")));
	message.body = SPAN_LITERAL("x");
	assert_true(span_equals(message_lines(&message), SPAN_LITERAL("x")));
	/* a producer's check, or a frame without lines */
	message.body = SPAN_LITERAL("");
	message.reason = SPAN_NULL;
	assert_int_equal(lines_count(message_lines(&message)), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_lines),
	};

	return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
