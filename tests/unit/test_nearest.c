/* SPDX-License-Identifier: MIT */
/*
 * test_nearest.c - "did you mean".
 */
#include "common/base/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
test_distance(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned distance;
	} cases[] = {
		{"", "", 0},
		{"a", "", 1},
		{"", "abc", 3},
		{"abc", "abc", 0},
		{"abc", "abd", 1},
		{"abc", "acb", 1},
		{"kitten", "sitting", 3},
		{"workers", "worker", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(nearest_distance(cases[i].a, cases[i].b), cases[i].distance);
	/* words too long to be looked at count as far */
	assert_true(
		nearest_distance("0123456789012345678901234567890123456789012345678901234567890123",
				 "") > 32);
}

static const char *
nearest_of(const char *word, const char *const *candidates)
{
	struct nearest nearest = {.word = word};

	for (; *candidates != NULL; candidates++) {
		const char *before = nearest.best;
		bool is_better = nearest_consider(&nearest, *candidates);

		assert_true(is_better == (nearest.best != before));
	}
	return nearest.best != NULL ? nearest.best : "(none)";
}

static void
test_nearest(void **state)
{
	static const char *const verbs[] = {"scale", "status", "start", "stop", "topology", NULL};

	(void)state;
	assert_string_equal(nearest_of("satus", verbs), "status");
	assert_string_equal(nearest_of("stpo", verbs), "stop");
	assert_string_equal(nearest_of("topo", verbs), "topology");
	assert_string_equal(nearest_of("stat", verbs), "status"); /* a beginning, the first one */
	assert_string_equal(nearest_of("x", verbs), "(none)");
	assert_string_equal(nearest_of("reload", verbs), "(none)");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
