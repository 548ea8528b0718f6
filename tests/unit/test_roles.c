/* SPDX-License-Identifier: MIT */
/*
 * test_roles.c - whom a command is about.
 */
#include "supervisor/shared/roles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
test_targets(void **state UNUSED)
{
	static const struct {
		const char *text;
		bool good, all;
		enum role_id role;
		int index;
	} cases[] = {
		{"all", true, true, ROLE_PRODUCER, -1},
		{"lake", true, false, ROLE_LAKE, -1},
		{"lake/0", true, false, ROLE_LAKE, 0},
		{"clean/63", true, false, ROLE_CLEAN, 63},
		{"producer/0", true, false, ROLE_PRODUCER, 0},
		{.text = "clean/64"},
		{.text = "producer/1"},
		{.text = "lake/"},
		{.text = "lake/x"},
		{.text = "lake/0/1"},
		{.text = "lake/-1"},
		{.text = "lake/4294967296"},
		{.text = "lak"},
		{.text = "all/0"},
		{.text = "/"},
		{.text = ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct target target;
		char error[256] = "";
		int result = target_parse(cases[i].text, &target, error, sizeof(error));

		if (result != (cases[i].good ? 0 : -1))
			fail_msg("\"%s\": %d %s", cases[i].text, result, error);
		if (result != 0)
			continue;
		assert_int_equal(target.all, cases[i].all);
		assert_int_equal(target.role, cases[i].role);
		assert_int_equal(target.index, cases[i].index);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_targets),
	};

	return cmocka_run_group_tests_name("roles", tests, NULL, NULL);
}
