/* SPDX-License-Identifier: MIT */
/*
 * test_message.c - what of a body counts as lines, the ids of lines, the table of headers.
 */
#include "common/message/lines.h"
#include "common/message/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

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

static void
assert_line_id(const struct message *message, size_t offset, const char *wanted)
{
	char id[MESSAGE_ID_SIZE];

	message_line_id(message, offset, id);
	assert_string_equal(id, wanted);
}

static void
test_line_ids(void **state)
{
	struct message message = MESSAGE_INIT;
	char long_id[1000], id[MESSAGE_ID_SIZE], other[MESSAGE_ID_SIZE];

	(void)state;
	/* a place in a file: the same for a line however the messages were cut */
	message.message_id = SPAN_LITERAL("abc:100");
	message.file_id = SPAN_LITERAL("abc");
	message.offset = 100;
	assert_line_id(&message, 0, "abc:100");
	assert_line_id(&message, 25, "abc:125");
	message.offset = INT64_C(1) << 40;
	assert_line_id(&message, 1, "abc:1099511627777");
	/* without one: what the message has */
	message.offset = -1;
	assert_line_id(&message, 0, "abc:100");
	assert_line_id(&message, 25, "abc:100+25");
	message.offset = 100;
	message.file_id = SPAN_NULL;
	assert_line_id(&message, 25, "abc:100+25");
	message.message_id = SPAN_NULL;
	assert_line_id(&message, 0, "+0");
	assert_line_id(&message, 7, "+7");
	/* a stranger's id may be longer: lines still differ */
	memset(long_id, 'x', sizeof(long_id));
	message.message_id = (struct span){long_id, sizeof(long_id)};
	message_line_id(&message, 1, id);
	message_line_id(&message, 2, other);
	assert_string_not_equal(id, other);
	message_line_id(&message, 0, other);
	assert_string_not_equal(id, other);
}

/* Each header has a name and a field of its own. */
static void
test_headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < message_header_count; i++) {
		assert_int_equal(strncmp(message_headers[i].name, "x-sluice-", 9), 0);
		assert_true(message_headers[i].offset < sizeof(struct message));
		for (size_t before = 0; before < i; before++) {
			assert_string_not_equal(message_headers[before].name,
						message_headers[i].name);
			assert_int_not_equal(message_headers[before].offset,
					     message_headers[i].offset);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_lines),
		cmocka_unit_test(test_line_ids),
		cmocka_unit_test(test_headers),
	};

	return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
