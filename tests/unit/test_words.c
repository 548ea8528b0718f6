/* SPDX-License-Identifier: MIT */
/*
 * test_words.c - what is said to people: what one thing is called, where an error goes.
 */
#include "supervisor/cli/ctl.h"
#include "supervisor/ctl/ctl_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
assert_judged(int dead, const char *text)
{
	struct ctl_limits limits = {.dead = {1, 0}};
	json_t *problems = json_array();
	json_t *status = json_pack("{s:{s:{s:{s:b, s:s, s:i}}}}", "roles", "lake", "queue", "known",
				   1, "name", "q", "dead", dead);

	assert_int_equal(ctl_judge(status, &limits, problems), CTL_WARNING);
	assert_string_equal(ctl_text(json_array_get(problems, 0), "text", ""), text);
	json_decref(status);
	json_decref(problems);
}

static void
test_one_is_not_many(void **state UNUSED)
{
	assert_judged(1, "q: 1 dead letter");
	assert_judged(2, "q: 2 dead letters");
	assert_string_equal(PLURAL(1), "");
	assert_string_equal(PLURAL(0), "s");
}

/* At 80 columns there is no room for an error beside its child. */
static void
test_a_long_error_goes_below(void **state UNUSED)
{
	const char *error =
		"broker 127.0.0.1:5672: connection refused; it is tried again and again "
		"until somebody starts the broker";
	struct view *view = calloc(1, sizeof(*view));
	json_t *status = json_pack("{s:[{s:s, s:s, s:s}]}", "slots", "name", "lake/0", "state",
				   "RUNNING", "last_error", error);
	char whole[256] = "";

	view_make(view, NULL, status, NULL, 0);
	for (size_t i = 0; i < view->count; i++)
		if (view->lines[i].slot != NULL)
			assert_non_null(strstr(view->lines[i].text, error));
	view->width = 80;
	view_make(view, NULL, status, NULL, 0);
	for (size_t i = 0, seen = 0; i < view->count; i++) {
		if (view->lines[i].slot == NULL || seen++ == 0)
			continue;
		assert_true(strlen(view->lines[i].text) <= 80);
		snprintf(whole + strlen(whole), sizeof(whole) - strlen(whole), "%s%s",
			 whole[0] != '\0' ? " " : "", view->lines[i].text + 2);
	}
	assert_string_equal(whole, error);
	json_decref(status);
	free(view);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_is_not_many),
		cmocka_unit_test(test_a_long_error_goes_below),
	};

	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
