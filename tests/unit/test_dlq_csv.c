/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_csv.c - fields that a spreadsheet does not obey.
 */
#include "common/base/defs.h"
#include "supervisor/dlq/dlq_csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static void
test_csv(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"a", "a"},
		{"=1+1", "\"'=1+1\""},
		{"+x", "\"'+x\""},
		{"-x", "\"'-x\""},
		{"@x", "\"'@x\""},
		{"\tx", "\"'\\x09x\""},
		{"a\"b", "\"a\"\"b\""},
		{"a,b", "\"a,b\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char out[64] = "";
		FILE *memory = fmemopen(out, sizeof(out), "w");

		dlq_csv_print(memory, span_of(cases[i].in));
		fclose(memory);
		assert_string_equal(out, cases[i].out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv),
	};

	return cmocka_run_group_tests_name("dlq_csv", tests, NULL, NULL);
}
