/* SPDX-License-Identifier: MIT */
/*
 * test_progress.c - the bar's text.
 */
#include "producer/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A predecessor's lines and bytes are not ours. */
static const struct progress_facts before = {.lines = 1000, .bytes = 500, .bytes_left = 4000};

static void
assert_bar(double lines_per_s, double bytes_per_s, const struct progress_facts *facts,
	   const char *text)
{
	struct progress progress;
	char out[160];

	progress_start(&progress, true, &before, 0);
	progress.lines_per_s = lines_per_s;
	progress.bytes_per_s = bytes_per_s;
	assert_string_equal(progress_format(&progress, facts, out, sizeof(out)), text);
}

static void
test_bar(void **state)
{
	struct progress_facts half = {.lines = 1010, .bytes = 2500, .bytes_left = 2000};
	struct progress_facts nearly = {.lines = 1001, .bytes = 1000500, .bytes_left = 1};
	struct progress_facts end = {.lines = 3000, .bytes = 4500, .bytes_left = 0};

	(void)state;
	assert_bar(0, 0, &before, "[....................]   0 %  0 lines, 0 B, 0 lines/s, - left");
	assert_bar(5, 20, &half,
		   "[##########..........]  50 %  10 lines, 2.0 kB, 5 lines/s, 1:40 left");
	assert_bar(5, 0.5, &half,
		   "[##########..........]  50 %  10 lines, 2.0 kB, 5 lines/s, - left");
	/* 100 only when nothing is left */
	assert_bar(5, 20, &nearly,
		   "[###################.]  99 %  1 line, 1.0 MB, 5 lines/s, 0:00 left");
	assert_bar(7, 20, &end, "[####################] 100 %  2000 lines, 4.0 kB, 7 lines/s");
}

static void
test_due(void **state)
{
	struct progress bar, log;

	(void)state;
	progress_start(&bar, true, &before, 1000);
	progress_start(&log, false, &before, 1000);
	assert_true(progress_due_ms(&bar) > 1000);
	assert_true(progress_due_ms(&log) > progress_due_ms(&bar));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_bar), cmocka_unit_test(test_due)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
