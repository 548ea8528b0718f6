/* SPDX-License-Identifier: MIT */
/*
 * test_ctl_scale.c - how many of what.
 */
#include "supervisor/ctl/ctl_scale.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
test_counts(void **state UNUSED)
{
	static const struct {
		const char *text;
		int count; /* -1 = refused */
		enum role_id role;
	} cases[] = {
		{"lake=4", 4, ROLE_LAKE},
		{"clean=0", 0, ROLE_CLEAN},
		{"lake=064", 64, ROLE_LAKE},
		{"producer=1", 1, ROLE_PRODUCER},
		{.text = "producer=2", .count = -1},
		{.text = "lake=65", .count = -1},
		{.text = "lake=99999999999999999999", .count = -1},
		{.text = "lake=", .count = -1},
		{.text = "lake", .count = -1},
		{.text = "lake=-1", .count = -1},
		{.text = "lake=+1", .count = -1},
		{.text = "lake=4x", .count = -1},
		{.text = "lake= 4", .count = -1},
		{.text = "=4", .count = -1},
		{.text = "all=4", .count = -1},
		{.text = "lake/0=4", .count = -1},
		{.text = "", .count = -1},
		{.text = "a-word-that-is-longer-than-any-name-of-a-role=3", .count = -1},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum role_id role;
		int64_t count = 0;
		char error[256] = "";
		int result = ctl_scale_parse(cases[i].text, &role, &count, error, sizeof(error));

		if (result != (cases[i].count < 0 ? -1 : 0))
			fail_msg("\"%s\": %d %s", cases[i].text, result, error);
		if (result != 0) {
			assert_true(error[0] != '\0');
			continue;
		}
		assert_int_equal(count, cases[i].count);
		assert_int_equal(role, cases[i].role);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests_name("ctl_scale", tests, NULL, NULL);
}
