/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_id.c - the ids of dead letters: made, printed, read.
 */
#include "supervisor/dlq/dlq_id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void
test_ids(void **state)
{
	struct md5 *md5 = md5_new();
	struct span body = SPAN_LITERAL("a line"), id = SPAN_LITERAL("f:17");
	uint64_t clean = dlq_id_of(md5, STAGE_CLEAN, id, body), parsed;
	char text[DLQ_ID_SIZE];
	enum stage_id queue;
	unsigned digits;

	(void)state;
	assert_true(clean == dlq_id_of(md5, STAGE_CLEAN, id, body));
	assert_true(clean != dlq_id_of(md5, STAGE_LAKE, id, body));
	assert_true(clean != dlq_id_of(md5, STAGE_CLEAN, SPAN_NULL, body));
	assert_true(clean != dlq_id_of(md5, STAGE_CLEAN, id, SPAN_LITERAL("a line\n")));
	dlq_id_text(STAGE_CLEAN, clean, text);
	assert_int_equal(strlen(text), DLQ_ID_SIZE - 1);
	assert_int_equal(dlq_id_parse(text, &queue, &parsed, &digits), 0);
	assert_true(queue == STAGE_CLEAN && parsed == clean && digits == DLQ_ID_DIGITS);
	text[7] = '\0';
	assert_int_equal(dlq_id_parse(text, &queue, &parsed, &digits), 0);
	assert_true(digits == 6 && dlq_id_begins(clean, parsed, digits));
	assert_false(dlq_id_begins(clean ^ UINT64_C(1) << 36, parsed, digits));
	assert_int_equal(dlq_id_parse("c12", &queue, &parsed, &digits), -1);
	assert_int_equal(dlq_id_parse("x1234", &queue, &parsed, &digits), -1);
	assert_int_equal(dlq_id_parse("c12345678901234567", &queue, &parsed, &digits), -1);
	md5_free(&md5);
}

static void
assert_explained(const char *text, const char *wanted)
{
	char why[128];

	dlq_id_explain(text, why, sizeof(why));
	assert_string_equal(why, wanted);
}

static void
test_what_is_wrong(void **state)
{
	(void)state;
	assert_explained("c41a", "it has 3 digits, at least 4 are needed: type 1 more");
	assert_explained("c", "it has 0 digits, at least 4 are needed: type 4 more");
	assert_explained("x41ab", "it does not begin with the letter of a stage (l, c)");
	assert_explained("", "it does not begin with the letter of a stage (l, c)");
	assert_explained("c41ag", "\"g\" is no hex digit (0 to 9, a to f)");
	assert_explained("c41AB", "\"A\" is no hex digit (0 to 9, a to f)");
	assert_explained("c1234567890123456", "it has 16 digits, 15 are the most");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_what_is_wrong),
	};

	return cmocka_run_group_tests_name("dlq_id", tests, NULL, NULL);
}
