/* SPDX-License-Identifier: MIT */
/*
 * test_deaths.c - the last deaths, and why they were.
 */
#include "supervisor/daemon/deaths.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sysexits.h>

/* Every exit code that our programs end with is explained. */
static void
test_exit_codes_are_explained(void **state UNUSED)
{
	static const int codes[] = {EX_USAGE,	 EX_NOINPUT, EX_UNAVAILABLE,
				    EX_SOFTWARE, EX_OSERR,   EX_CANTCREAT,
				    EX_TEMPFAIL, EX_NOPERM,  EX_CONFIG};
	char cause[96];

	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		death_cause(codes[i], 0, cause, sizeof(cause));
		assert_non_null(strchr(cause, '('));
		assert_int_equal(cause[strlen(cause) - 1], ')');
	}
	assert_string_equal(death_cause(1, 0, cause, sizeof(cause)), "exit code 1");
	assert_string_equal(death_cause(0, SIGKILL, cause, sizeof(cause)), "signal 9 (Killed)");
}

static void
test_ring(void **state UNUSED)
{
	static struct deaths deaths;

	assert_null(deaths_get(&deaths, 0));
	for (int i = 0; i < DEATHS_KEPT + 5; i++)
		deaths_next(&deaths, ROLE_LAKE)->pid = i;
	assert_int_equal(deaths.count, DEATHS_KEPT + 5);
	assert_int_equal(deaths_get(&deaths, 0)->pid, DEATHS_KEPT + 4);
	assert_int_equal(deaths_get(&deaths, DEATHS_KEPT - 1)->pid, 5);
	assert_null(deaths_get(&deaths, DEATHS_KEPT));
	/* Whoever comes next finds nothing of the one that is replaced. */
	assert_int_equal(deaths_next(&deaths, ROLE_CLEAN)->pid, 0);
	assert_int_equal(deaths.by_role[ROLE_CLEAN], 1);
	assert_int_equal(deaths.by_role[ROLE_LAKE] + 1, deaths.count);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exit_codes_are_explained),
		cmocka_unit_test(test_ring),
	};

	return cmocka_run_group_tests_name("deaths", tests, NULL, NULL);
}
