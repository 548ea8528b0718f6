/* SPDX-License-Identifier: MIT */
/*
 * test_ctl_judge.c - what counts as a problem, how bad it is, and how it is said.
 */
#include "supervisor/ctl/ctl_judge.h"
#include "common/base/defs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* The status is released. text: of the first problem; NULL = there is none. */
static void
assert_judged(json_t *status, const struct ctl_limits *limits, enum ctl_severity severity,
	      const char *text)
{
	static const struct ctl_limits none = {.deaths_s = 0};
	json_t *problems = json_array();
	enum ctl_severity got = ctl_judge(status, limits != NULL ? limits : &none, problems);
	const json_t *problem = json_array_get(problems, 0);

	assert_int_equal(got, severity);
	if (text == NULL) {
		assert_int_equal(json_array_size(problems), 0);
	} else {
		assert_string_equal(json_string_value(json_object_get(problem, "text")), text);
		assert_int_equal(json_integer_value(json_object_get(problem, "severity")),
				 severity);
	}
	json_decref(status);
	json_decref(problems);
}

static json_t *
queue_status(const char *figure, int value)
{
	return json_pack("{s:{s:{s:{s:b, s:s, s:i}}}}", "roles", "lake", "queue", "known", 1,
			 "name", "q", figure, value);
}

static void
test_figures_against_limits(void **state UNUSED)
{
	static const struct ctl_limits limits = {
		.waiting = {10, 20}, .age_s = {60, 600}, .dead = {1, 0}};

	assert_judged(queue_status("ready", 9), &limits, CTL_FINE, NULL);
	assert_judged(queue_status("ready", 10), &limits, CTL_WARNING, "q: 10 messages wait");
	assert_judged(queue_status("ready", 20), &limits, CTL_CRITICAL, "q: 20 messages wait");
	assert_judged(queue_status("ready", 1000), NULL, CTL_FINE, NULL);
	assert_judged(queue_status("oldest_s", 600), &limits, CTL_CRITICAL,
		      "q: 600 seconds old is the oldest");
	assert_judged(queue_status("dead", 1), &limits, CTL_WARNING, "q: 1 dead letter");
	assert_judged(queue_status("dead", 2), &limits, CTL_WARNING, "q: 2 dead letters");
	/* nobody has looked at the queue */
	assert_judged(json_pack("{s:{s:{s:{s:b, s:s, s:i}}}}", "roles", "lake", "queue", "known", 0,
				"name", "q", "dead", 5),
		      &limits, CTL_FINE, NULL);
}

static json_t *
role_status(int wanted, int ready, int paused)
{
	return json_pack("{s:{s:{s:i, s:i, s:b}}}", "roles", "lake", "wanted", wanted, "ready",
			 ready, "paused", paused);
}

static void
test_roles(void **state UNUSED)
{
	assert_judged(role_status(2, 2, 0), NULL, CTL_FINE, NULL);
	assert_judged(role_status(2, 1, 0), NULL, CTL_WARNING, "only 1 of 2 lake ready");
	assert_judged(role_status(2, 0, 0), NULL, CTL_CRITICAL, "no lake is ready, 2 wanted");
	assert_judged(role_status(2, 2, 1), NULL, CTL_WARNING, "lake is paused");
	assert_judged(json_pack("{s:b}", "draining", 1), NULL, CTL_CRITICAL, "sluiced is ending");
	/* scaled away while lines come in, unless the settings want none either */
	assert_judged(json_pack("{s:{s:{s:i, s:i}, s:{s:i}}}", "roles", "lake", "configured", 2,
				"wanted", 0, "producer", "running", 1),
		      NULL, CTL_WARNING,
		      "no lake is wanted while the producer runs: its queue fills up (sluicectl "
		      "scale lake=2)");
	assert_judged(json_pack("{s:{s:{s:i, s:i}, s:{s:i}}}", "roles", "lake", "configured", 0,
				"wanted", 0, "producer", "running", 1),
		      NULL, CTL_FINE, NULL);
}

static json_t *
slot_status(const char *state_name, const char *flag, const char *error)
{
	return json_pack("{s:[{s:s, s:s, s:b, s:b, s:s}]}", "slots", "name", "lake/0", "state",
			 state_name, "wanted", 1, flag, 1, "last_error", error);
}

static void
test_children(void **state UNUSED)
{
	assert_judged(slot_status("RUNNING", "ready", ""), NULL, CTL_FINE, NULL);
	assert_judged(slot_status("STOPPED", "held", ""), NULL, CTL_WARNING,
		      "lake/0 is stopped by hand");
	assert_judged(slot_status("FATAL", "x", "no such file"), NULL, CTL_CRITICAL,
		      "lake/0 is FATAL: no such file");
	assert_judged(slot_status("BACKOFF", "x", ""), NULL, CTL_WARNING,
		      "lake/0 is BACKOFF, not ready");
	assert_judged(slot_status("RUNNING", "ready", "mysql 2006"), NULL, CTL_WARNING,
		      "lake/0: mysql 2006");
}

static void
test_deaths_count_while_they_are_new(void **state UNUSED)
{
	static const struct ctl_limits limits = {.deaths_s = 600};
	time_t now = time(NULL), old = now - 700;
	char fresh_text[32], old_text[32];
	struct tm utc;

	strftime(fresh_text, sizeof(fresh_text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
	strftime(old_text, sizeof(old_text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&old, &utc));
	assert_judged(json_pack("{s:[{s:s}, {s:s}]}", "deaths", "at", old_text, "at", "nonsense"),
		      &limits, CTL_FINE, NULL);
	assert_judged(json_pack("{s:[{s:s, s:s, s:s}, {s:s}]}", "deaths", "at", fresh_text, "name",
				"lake/0", "cause", "signal 9", "at", old_text),
		      &limits, CTL_WARNING, "1 died within 10m00s, the last: lake/0, signal 9");
}

static void
test_one_is_not_many(void **state UNUSED)
{
	assert_string_equal(PLURAL(1), "");
	assert_string_equal(PLURAL(0), "s");
	assert_string_equal(PLURAL(2), "s");
}

static json_t *
letters_status(const char *state, double percent)
{
	return json_pack("{s:{s:{s:{s:s, s:f, s:f, s:f, s:f, s:s}}}}", "roles", "clean",
			 "dead_letters", "state", state, "percent", percent, "window_s", 300.0,
			 "lines", 1000.0, "rejected", 10 * percent, "reason", "parse.no_match");
}

static void
test_rejected_share(void **state UNUSED)
{
	assert_judged(letters_status("ok", 4.9), NULL, CTL_FINE, NULL);
	assert_judged(
		letters_status("warning", 5), NULL, CTL_WARNING,
		"clean: 5 % of the lines of the last 5m00s are dead letters (50 of 1000), most "
		"for parse.no_match: sluicectl dlq groups clean");
	assert_judged(
		letters_status("critical", 100), NULL, CTL_CRITICAL,
		"clean: 100 % of the lines of the last 5m00s are dead letters (1000 of 1000), "
		"most for parse.no_match: sluicectl dlq groups clean");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rejected_share),
		cmocka_unit_test(test_figures_against_limits),
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_children),
		cmocka_unit_test(test_deaths_count_while_they_are_new),
		cmocka_unit_test(test_one_is_not_many),
	};

	return cmocka_run_group_tests_name("ctl_judge", tests, NULL, NULL);
}
