/* SPDX-License-Identifier: MIT */
/*
 * test_row_check.c - rows as a role has filled them: bytes that are no UTF-8, texts that are too
 * long for their column.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "common/base/defs.h"
#include "common/worker/row_check.h"

struct row {
	struct span city;  /* 4 characters */
	struct span url;   /* no limit */
	struct span bytes; /* any */
};

static const struct column columns[] = {
	{.name = "city", .type = COLUMN_TEXT, .offset = offsetof(struct row, city), .max_chars = 4},
	{.name = "url", .type = COLUMN_TEXT, .offset = offsetof(struct row, url)},
	{.name = "bytes", .type = COLUMN_BYTES, .offset = offsetof(struct row, bytes)},
};

static const struct table table = {.name = "t",
				   .columns = columns,
				   .column_count = ARRAY_LEN(columns),
				   .row_size = sizeof(struct row)};

static struct arena arena;
static char detail[128];

static enum reason
check(struct row *row, bool is_utf8)
{
	detail[0] = '\0';
	return row_check(&table, row, is_utf8, &arena, detail, sizeof(detail));
}

static void
test_lengths(void **state)
{
	struct row row = {.city = SPAN_LITERAL("Bern"), .url = SPAN_LITERAL("/a/long/path")};

	(void)state;
	assert_int_equal(check(&row, true), REASON_NONE);
	row.city = SPAN_LITERAL("Z\xc3\xbc\xc3\xbc\xc3\xbc"); /* 4 characters, 7 bytes */
	assert_int_equal(check(&row, true), REASON_NONE);
	row.city = SPAN_LITERAL("Paris");
	assert_int_equal(check(&row, true), REASON_FIELD_TOO_LONG);
	assert_string_equal(detail, "city: 5 characters, the column takes 4");
	row.city = SPAN_NULL;
	assert_int_equal(check(&row, true), REASON_NONE);
}

static void
test_not_utf8(void **state)
{
	struct row row = {.url = SPAN_LITERAL("/\xff"), .bytes = SPAN_LITERAL("\xff")};

	(void)state;
	assert_int_equal(check(&row, false), REASON_NONE);
	assert_true(span_equals(row.url, SPAN_LITERAL("/\\xff")) ||
		    span_equals(row.url, SPAN_LITERAL("/\\xFF")));
	assert_true(span_equals(row.bytes, SPAN_LITERAL("\xff"))); /* bytes stay what they are */
	assert_null(row.city.ptr);
	/* what is escaped takes more room */
	row.city = SPAN_LITERAL("a\xff");
	assert_int_equal(check(&row, false), REASON_FIELD_TOO_LONG);
	arena_clear(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_not_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
