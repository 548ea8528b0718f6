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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),
	};

	return cmocka_run_group_tests_name("dlq_id", tests, NULL, NULL);
}
