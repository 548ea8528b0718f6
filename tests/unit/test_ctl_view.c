/* SPDX-License-Identifier: MIT */
/*
 * test_ctl_view.c - what `sluicectl top` shows: quantiles, where an error goes, harmless text.
 */
#include "supervisor/ctl/ctl_view.h"
#include "common/base/defs.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
test_quantiles(void **state UNUSED)
{
	json_t *before = json_pack("{s:[f,f], s:[i,i,i]}", "bounds", 1.0, 2.0, "counts", 5, 0, 0);
	json_t *after = json_pack("{s:[f,f], s:[i,i,i]}", "bounds", 1.0, 2.0, "counts", 5, 10, 0);
	json_t *beyond = json_pack("{s:[f,f], s:[i,i,i]}", "bounds", 1.0, 2.0, "counts", 0, 0, 3);

	assert_true(ctl_view_quantile(before, before, 0.5) < 0);
	assert_true(ctl_view_quantile(before, after, 0.5) == 1.5);
	assert_true(ctl_view_quantile(NULL, before, 0.5) == 0.5);
	assert_true(ctl_view_quantile(NULL, beyond, 0.99) == 2.0);
	assert_true(ctl_view_quantile(NULL, NULL, 0.5) < 0);
	json_decref(before);
	json_decref(after);
	json_decref(beyond);
}

/* At 80 columns there is no room for an error beside its child. */
static void
test_a_long_error_goes_below(void **state UNUSED)
{
	const char *error =
		"broker 127.0.0.1:5672: connection refused; it is tried again and again "
		"until somebody starts the broker";
	struct ctl_view *view = calloc(1, sizeof(*view));
	json_t *status = json_pack("{s:[{s:s, s:s, s:s}]}", "slots", "name", "lake/0", "state",
				   "RUNNING", "last_error", error);
	char whole[256] = "";

	ctl_view_make(view, NULL, status, NULL, 0);
	for (size_t i = 0; i < view->count; i++)
		if (view->lines[i].slot != NULL)
			assert_non_null(strstr(view->lines[i].text, error));
	view->width = 80;
	ctl_view_make(view, NULL, status, NULL, 0);
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

/* An error may hold a piece of a log line: bytes that a terminal obeys, or that turn text round. */
static void
test_foreign_text_is_harmless(void **state UNUSED)
{
	struct ctl_view *view = calloc(1, sizeof(*view));
	json_t *status = json_pack("{s:[{s:s, s:s, s:s}]}", "slots", "name", "lake/0", "state",
				   "RUNNING", "last_error", "a\x1b[2J\xe2\x80\xae\xe2\x81\xa6z");
	json_t *events = json_pack("[{s:s, s:s}]", "text", "b\xe2\x80\x8b\xef\xbb\xbf", "actor",
				   "c\xc2\x9b");
	bool error_seen = false, event_seen = false;

	ctl_view_make(view, NULL, status, events, 10);
	for (size_t i = 0; i < view->count; i++) {
		const char *text = view->lines[i].text;

		error_seen |= strstr(text, "a\\x1B[2J\\u{202E}\\u{2066}z") != NULL;
		event_seen |= strstr(text, "b\\u{200B}\\u{FEFF}, by c\\u{9B}") != NULL;
	}
	assert_true(error_seen && event_seen);
	json_decref(status);
	json_decref(events);
	free(view);
}

static const struct ctl_view_line *
find_line(const struct ctl_view *view, const char *text)
{
	for (size_t i = 0; i < view->count; i++)
		if (strstr(view->lines[i].text, text) != NULL)
			return &view->lines[i];
	return NULL;
}

/* At 80 columns every heading is there, the batches' and the lag's too, and nothing is cut. */
static void
test_80_columns(void **state UNUSED)
{
	struct ctl_view *view = calloc(1, sizeof(*view));
	json_t *status = json_pack(
		"{s:{s:{s:i, s:i, s:i, s:{s:b, s:i, s:i}, s:{s:i, s:i, s:i, s:i, s:i, s:s, s:s}, "
		"s:{s:i}}}, s:[{s:s, s:s, s:s}]}",
		"roles", "clean", "ready", 2, "wanted", 2, "total", 123456789, "queue", "known", 1,
		"ready", 16200, "drain_s", 7300, "dead_letters", "waiting", 10233, "rejected", 600,
		"per_minute", 120, "percent", 100, "window_s", 300, "reason", "parse.no_match",
		"state", "critical", "rejected_by_reason", "parse.no_match", 10233, "slots", "name",
		"clean/0", "state", "RUNNING", "last_error", "");
	json_t *events = json_array();

	for (int i = 0; i < 5; i++)
		json_array_append_new(
			events, json_pack("{s:s, s:s, s:s, s:s}", "at", "2026-01-02T03:04:05.678Z",
					  "kind", "trouble", "subject", "clean/0", "text",
					  i == 4 ? "the newest of them, which is too long for a "
						   "single line of eighty columns"
						 : "an older one"));
	view->width = 80;
	ctl_view_make(view, NULL, status, events, 3);
	for (size_t i = 0; i < view->count; i++)
		assert_true(strlen(view->lines[i].text) <= 80);
	assert_non_null(find_line(view, "LAG 50/99%"));
	assert_non_null(find_line(view, "BATCH 50/99%"));
	assert_non_null(find_line(view, "10.2k wait, 120 lines per minute"));
	assert_int_equal(find_line(view, "10.2k wait")->style, VIEW_BAD);
	assert_non_null(find_line(view, "made: clean parse.no_match 10233"));
	/* three lines of events: the newest takes two, an older one the third */
	assert_string_equal(view->lines[view->count - 1].text,
			    "                      for a single line of eighty columns");
	assert_non_null(strstr(view->lines[view->count - 2].text, "the newest of them"));
	assert_non_null(strstr(view->lines[view->count - 3].text, "an older one"));
	assert_string_equal(view->lines[view->count - 4].text, "EVENTS");
	json_decref(status);
	json_decref(events);
	free(view);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantiles),
		cmocka_unit_test(test_a_long_error_goes_below),
		cmocka_unit_test(test_foreign_text_is_harmless),
		cmocka_unit_test(test_80_columns),
	};

	return cmocka_run_group_tests_name("ctl_view", tests, NULL, NULL);
}
