/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_time.c - times as people write them.
 */
#include "supervisor/dlq/dlq_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

static void
test_times(void **state)
{
	static const struct {
		const char *text;
		int64_t wanted; /* -1 = refused */
	} cases[] = {
		{"90s", 999910},
		{"2h", 992800},
		{"@17", 17},
		{"1970-01-02T00:00:00Z", 86400},
		{"1970-01-02", 86400},
		{"1970-01-02 00:01", 86460},
		{"1970-01-02T00:00:02", 86402},
		{"1970-01-02 01:00+01:00", 86400},
		{"1970-01-01T19:30-0430", 86400},
		{"", -1},
		{"yesterday", -1},
		{"2h2", -1},
		{"1970-01-02T00:00:00+99:00", -1},
	};

	char shown[32];

	(void)state;
	setenv("TZ", "Asia/Kolkata", 1); /* no matter */
	tzset();
	assert_string_equal(dlq_time_or_dash(86399, shown), "1970-01-01T23:59:59Z");
	assert_string_equal(dlq_time_or_dash(0, shown), "-");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t got = -1;

		assert_int_equal(dlq_time_parse(cases[i].text, 1000000, &got),
				 cases[i].wanted < 0 ? -1 : 0);
		if (cases[i].wanted >= 0)
			assert_int_equal(got, cases[i].wanted);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests_name("dlq_time", tests, NULL, NULL);
}
