/* SPDX-License-Identifier: MIT */
/*
 * test_raw_row.c - any line as a row of raw_log.
 */
#include "lake_worker/raw_row.h"
#include "common/base/defs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#define ID "0123456789abcdef0123456789abcdef"

static struct raw_row
fill(struct span line, bool valid_utf8)
{
	struct line_context context = {.line = line, .valid_utf8 = valid_utf8, .origin = 7};
	struct raw_row row = {.origin = 0};
	char detail[REJECT_DETAIL_MAX];

	memcpy(context.id, ID, sizeof(context.id));
	assert_int_equal(raw_row_fill(NULL, &context, &row, detail), REASON_NONE);
	assert_memory_equal(row.id, ID, sizeof(row.id));
	assert_int_equal(row.origin, 7);
	assert_true(span_equals(row.log, line));
	return row;
}

static void
test_time(void **state)
{
	struct raw_row row = fill(SPAN_LITERAL("h - - [10/Oct/2000:13:55:36 -0730] x"), true);

	(void)state;
	assert_int_equal(row.timestamp_utc, INT64_C(20001010212536));
	assert_int_equal(row.utc_offset, -450);
	assert_null(row.log_bytes.ptr);
	/* no time is a time of its own, and no offset */
	row = fill(SPAN_LITERAL("h - - [32/Oct/2000:13:55:36 -0730] x"), true);
	assert_int_equal(row.timestamp_utc, RAW_ROW_NO_TIME);
	assert_int_equal(row.utc_offset, ROW_NUMBER_NULL);
	row = fill(SPAN_LITERAL(""), true);
	assert_int_equal(row.timestamp_utc, RAW_ROW_NO_TIME);
	assert_null(row.log_bytes.ptr);
}

/* The exact bytes are kept when the text cannot hold them. */
static void
test_not_utf8(void **state)
{
	struct raw_row row = fill(SPAN_LITERAL("\xff\0x"), false);

	(void)state;
	assert_true(span_equals(row.log_bytes, SPAN_LITERAL("\xff\0x")));
}

static int
compare(const struct raw_row *a, const struct raw_row *b)
{
	int order = raw_row_compare(&a, &b);

	assert_int_equal(raw_row_compare(&b, &a) < 0, order > 0);
	assert_int_equal(raw_row_compare(&b, &a) == 0, order == 0);
	return order;
}

static void
test_order_is_that_of_the_key(void **state)
{
	struct raw_row low = {.timestamp_utc = 5, .origin = 5}, high = low;

	(void)state;
	memset(low.id, '5', sizeof(low.id));
	memset(high.id, '5', sizeof(high.id));
	assert_int_equal(compare(&low, &high), 0);
	high.origin = UINT64_MAX;
	assert_true(compare(&low, &high) < 0);
	low.origin = UINT64_MAX; /* the id counts before the origin */
	high.origin = 0;
	high.id[ROW_ID_LEN - 1] = '6';
	assert_true(compare(&low, &high) < 0);
	low.id[0] = 'f'; /* the time before the id */
	high.timestamp_utc = 6;
	assert_true(compare(&low, &high) < 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_not_utf8),
		cmocka_unit_test(test_order_is_that_of_the_key),
	};

	return cmocka_run_group_tests_name("raw_row", tests, NULL, NULL);
}
