/* SPDX-License-Identifier: MIT */
/*
 * test_rejects.c - when a share of rejected lines is too large, and when no more.
 */
#include "supervisor/daemon/rejects.h"
#include "common/base/defs.h"
#include "tests/unit/assert_between.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const struct rejects_limits limits = {
	.window_ms = 300000, .warning_percent = 5, .critical_percent = 50};

struct stage_lines {
	struct rejects rejects;
	struct rejects_totals totals;
	int64_t now_ms;
};

/* One second in which so many lines came, so many of them were rejected. */
static bool
second(struct stage_lines *stage, unsigned lines, unsigned rejected)
{
	stage->now_ms += 1000;
	stage->totals.lines += lines;
	stage->totals.rejected[REASON_NONE + 1] += rejected;
	return rejects_sample(&stage->rejects, &stage->totals, stage->now_ms);
}

static struct stage_lines
begin(void)
{
	struct stage_lines stage = {.rejects = {.limits = limits}, .now_ms = 5000};

	assert_false(second(&stage, 0, 0));
	return stage;
}

static struct rejects_view
view(const struct stage_lines *stage)
{
	return rejects_view(&stage->rejects, &stage->totals, stage->now_ms);
}

static void
test_all_lines_rejected(void **state UNUSED)
{
	struct stage_lines stage = begin();

	assert_true(second(&stage, 1000, 1000));
	assert_int_equal(stage.rejects.state, REJECTS_CRITICAL);
	assert_int_equal(view(&stage).lines, 1000);
	assert_int_equal(view(&stage).rejected, 1000);
	assert_true(view(&stage).percent == 100);
	assert_true(view(&stage).per_minute == 1000); /* not 60000 after one second */
	assert_int_equal(view(&stage).reason, REASON_NONE + 1);
	assert_false(second(&stage, 1000, 1000)); /* no news */
}

static void
test_few_lines_say_nothing(void **state UNUSED)
{
	struct stage_lines stage = begin();

	assert_false(second(&stage, 9, 9));
	assert_int_equal(stage.rejects.state, REJECTS_OK);
	assert_true(second(&stage, 1, 1));
	assert_int_equal(stage.rejects.state, REJECTS_CRITICAL);
}

static void
test_a_usual_share_is_fine(void **state UNUSED)
{
	struct stage_lines stage = begin();

	for (unsigned i = 0; i < 1000; i++)
		assert_false(second(&stage, 1000, 49));
	assert_int_equal(stage.rejects.state, REJECTS_OK);
	assert_true(view(&stage).percent > 4.8 && view(&stage).percent < 5);
	assert_true(view(&stage).per_minute > 2900 && view(&stage).per_minute < 2990);
}

/* At a limit the state does not come and go. */
static void
test_no_flutter(void **state UNUSED)
{
	struct stage_lines stage = begin();
	unsigned changes = 0;

	for (unsigned i = 0; i < 3000; i++)
		changes += second(&stage, 1000, i / 10 % 2 == 0 ? 48 : 53) ? 1 : 0;
	assert_int_equal(changes, 1);
	assert_int_equal(stage.rejects.state, REJECTS_WARNING);
}

static void
test_over_when_the_window_is_past(void **state UNUSED)
{
	struct stage_lines stage = begin();
	unsigned seconds = 0;

	second(&stage, 1000, 1000);
	while (!second(&stage, 0, 0))
		seconds++;
	assert_int_equal(stage.rejects.state, REJECTS_OK);
	assert_between(seconds, 290, 310);
	assert_int_equal(view(&stage).rejected, 0);
	assert_int_equal(view(&stage).reason, REASON_NONE);
}

static void
test_mended_by_good_lines(void **state UNUSED)
{
	struct stage_lines stage = begin();

	second(&stage, 100, 100);
	assert_true(second(&stage, 200, 0)); /* a third: critical no more */
	assert_int_equal(stage.rejects.state, REJECTS_WARNING);
	assert_false(second(&stage, 2000, 0)); /* between half the limit and the limit */
	assert_true(second(&stage, 9000, 0));
	assert_int_equal(stage.rejects.state, REJECTS_OK);
}

static void
test_switched_off(void **state UNUSED)
{
	struct stage_lines stage = begin();

	stage.rejects.limits.warning_percent = 0;
	stage.rejects.limits.critical_percent = 0;
	assert_false(second(&stage, 1000, 1000));
	stage.rejects.limits.critical_percent = 90;
	assert_true(second(&stage, 0, 0));
	assert_string_equal(rejects_state_name(stage.rejects.state), "critical");
}

/* A page gone wild, a counter that is behind the other: no share over 100. */
static void
test_wild_counters(void **state UNUSED)
{
	struct stage_lines stage = begin();

	second(&stage, 5, 20);
	assert_true(view(&stage).percent == 100);
	stage.totals.rejected[REASON_NONE + 1] = 0;
	stage.totals.lines = 0;
	assert_int_equal(view(&stage).rejected, 0);
	assert_true(view(&stage).percent == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_lines_rejected),
		cmocka_unit_test(test_few_lines_say_nothing),
		cmocka_unit_test(test_a_usual_share_is_fine),
		cmocka_unit_test(test_no_flutter),
		cmocka_unit_test(test_over_when_the_window_is_past),
		cmocka_unit_test(test_mended_by_good_lines),
		cmocka_unit_test(test_switched_off),
		cmocka_unit_test(test_wild_counters),
	};

	return cmocka_run_group_tests_name("rejects", tests, NULL, NULL);
}
