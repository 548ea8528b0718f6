/* SPDX-License-Identifier: MIT */
/*
 * test_status_phrase.c - phrases of the registry, and what is in none.
 */
#include "clean_worker/status_phrase.h"
#include "common/base/defs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <string.h>

static void
test_cases(void **state)
{
	static const struct {
		unsigned status;
		const char *phrase;
	} cases[] = {
		{100, "Continue"},
		{103, "Early Hints"},
		{200, "OK"},
		{226, "IM Used"},
		{301, "Moved Permanently"},
		{404, "Not Found"},
		{413, "Content Too Large"},
		{414, "URI Too Long"},
		{421, "Misdirected Request"},
		{422, "Unprocessable Content"},
		{451, "Unavailable For Legal Reasons"},
		{510, "Not Extended"},
		{511, "Network Authentication Required"},
		{0, "Invalid status"},
		{99, "Invalid status"},
		{104, "Invalid status"},
		{306, "Invalid status"},
		{418, "Invalid status"},
		{499, "Invalid status"},
		{509, "Invalid status"},
		{512, "Invalid status"},
		{600, "Invalid status"},
		{999, "Invalid status"},
		{4294967295, "Invalid status"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(status_phrase(cases[i].status), cases[i].phrase);
}

static void
test_how_many(void **state)
{
	unsigned assigned = 0;

	(void)state;
	for (unsigned status = 0; status < 1000; status++)
		assigned += strcmp(status_phrase(status), "Invalid status") != 0;
	/* Without 306 and 418, which the registry marks as unused, and without temporary ones. */
	assert_int_equal(assigned, 4 + 10 + 8 + 28 + 11);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_how_many),
	};

	return cmocka_run_group_tests_name("status_phrase", tests, NULL, NULL);
}
