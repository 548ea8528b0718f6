/* SPDX-License-Identifier: MIT */
/*
 * test_ctl_dead.c - dead letters of a stage in a few words.
 */
#include "supervisor/ctl/ctl_dead.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
assert_described(const char *json, const char *wanted, enum ctl_severity severity)
{
	json_t *dead = json_loads(json, JSON_DECODE_ANY, NULL), *role;
	char text[CTL_DEAD_TEXT];

	assert_non_null(dead);
	role = json_pack("{s:o}", "dead_letters", dead);
	assert_int_equal(ctl_dead_describe(role, text), severity);
	assert_string_equal(text, wanted);
	json_decref(role);
}

static void
test_words(void **state)
{
	(void)state;
	assert_described("{\"waiting\": 0, \"rejected\": 0, \"state\": \"ok\"}", "none", CTL_FINE);
	assert_described("{\"waiting\": 1, \"rejected\": 0}", "1 waits", CTL_WARNING);
	assert_described(
		"{\"waiting\": 16200, \"rejected\": 6000, \"per_minute\": 1200, \"percent\": "
		"100, \"window_s\": 300, \"reason\": \"parse.no_match\", \"state\": "
		"\"critical\"}",
		"16.2k wait, 1200 lines per minute (100 % of the last 5m00s), most for "
		"parse.no_match",
		CTL_CRITICAL);
	/* taken away as fast as they come */
	assert_described("{\"waiting\": 0, \"rejected\": 5, \"per_minute\": 1, \"percent\": 2, "
			 "\"window_s\": 300, \"reason\": \"\"}",
			 "0 wait, 1 line per minute (2 % of the last 5m00s)", CTL_WARNING);
}

/* No worker has looked, or an older sluiced does not say. */
static void
test_unknown(void **state)
{
	(void)state;
	assert_described("{\"waiting\": null, \"rejected\": 0}", "unknown", CTL_FINE);
	assert_described("null", "unknown", CTL_FINE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_unknown),
	};

	return cmocka_run_group_tests_name("ctl_dead", tests, NULL, NULL);
}
