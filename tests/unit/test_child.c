/* SPDX-License-Identifier: MIT */
/*
 * test_child.c - the state machine of a child: every state with every event, then some whole lives.
 */
#include "supervisor/daemon/child.h"
#include "tests/unit/assert_between.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <sysexits.h>

enum { NOW_MS = 1000000, DRAIN_MS = 30000, STABLE_MS = 10000, MIN_MS = 200, MAX_MS = 60000 };

static const struct child_policy policy = {.drain_ms = DRAIN_MS,
					   .stable_ms = STABLE_MS,
					   .restart_min_ms = MIN_MS,
					   .restart_max_ms = MAX_MS};

struct outcome_of_step {
	enum child_state state;
	enum child_action action;
	bool wanted;
};

/* A child in the state, wanted unless STOPPED, whose deadline (if the state has one) is due. */
static struct child
child_in(enum child_state state)
{
	struct child child;

	child_init(&child);
	child.state = state;
	child.wanted = state != CHILD_STOPPED;
	child.started_ms = NOW_MS - 1;
	if (state == CHILD_BACKOFF || state == CHILD_STOPPING)
		child.deadline_ms = NOW_MS;
	if (state == CHILD_STOPPING)
		child.ending = CHILD_ENDING_DRAIN;
	return child;
}

#define STAYS(name, is_wanted) {CHILD_##name, CHILD_DO_NOTHING, is_wanted}
#define GOES(name, what, is_wanted) {CHILD_##name, CHILD_DO_##what, is_wanted}

/* What follows from each event, CHILD_EXITED with exit code 1. */
static const struct outcome_of_step expected[CHILD_STATE_COUNT][CHILD_EVENT_COUNT] = {
	[CHILD_STOPPED] = {[CHILD_UP] = GOES(STARTING, SPAWN, true),
			   [CHILD_DOWN] = STAYS(STOPPED, false),
			   [CHILD_START] = GOES(STARTING, SPAWN, true),
			   [CHILD_RESTART] = GOES(STARTING, SPAWN, true),
			   [CHILD_NOW] = STAYS(STOPPED, false),
			   [CHILD_SPAWNED] = STAYS(STOPPED, false),
			   [CHILD_SPAWN_FAILED] = STAYS(STOPPED, false),
			   [CHILD_CANNOT_RUN] = STAYS(STOPPED, false),
			   [CHILD_READY] = STAYS(STOPPED, false),
			   [CHILD_EXITED] = STAYS(STOPPED, false),
			   [CHILD_TIMER] = STAYS(STOPPED, false),
			   [CHILD_HUNG] = STAYS(STOPPED, false)},
	[CHILD_STARTING] = {[CHILD_UP] = STAYS(STARTING, true),
			    [CHILD_DOWN] = GOES(STOPPING, TERM, false),
			    [CHILD_START] = STAYS(STARTING, true),
			    [CHILD_RESTART] = GOES(STOPPING, TERM, true),
			    [CHILD_NOW] = GOES(STOPPING, KILL, false),
			    [CHILD_SPAWNED] = STAYS(STARTING, true),
			    [CHILD_SPAWN_FAILED] = STAYS(BACKOFF, true),
			    [CHILD_CANNOT_RUN] = STAYS(FATAL, true),
			    [CHILD_READY] = STAYS(RUNNING, true),
			    [CHILD_EXITED] = STAYS(BACKOFF, true),
			    [CHILD_TIMER] = STAYS(STARTING, true),
			    [CHILD_HUNG] = GOES(STOPPING, ABORT, true)},
	[CHILD_RUNNING] = {[CHILD_UP] = STAYS(RUNNING, true),
			   [CHILD_DOWN] = GOES(STOPPING, TERM, false),
			   [CHILD_START] = STAYS(RUNNING, true),
			   [CHILD_RESTART] = GOES(STOPPING, TERM, true),
			   [CHILD_NOW] = GOES(STOPPING, KILL, false),
			   [CHILD_SPAWNED] = STAYS(RUNNING, true),
			   [CHILD_SPAWN_FAILED] = STAYS(BACKOFF, true),
			   [CHILD_CANNOT_RUN] = STAYS(FATAL, true),
			   [CHILD_READY] = STAYS(RUNNING, true),
			   [CHILD_EXITED] = STAYS(BACKOFF, true),
			   [CHILD_TIMER] = STAYS(RUNNING, true),
			   [CHILD_HUNG] = GOES(STOPPING, ABORT, true)},
	[CHILD_BACKOFF] = {[CHILD_UP] = STAYS(BACKOFF, true),
			   [CHILD_DOWN] = STAYS(STOPPED, false),
			   [CHILD_START] = GOES(STARTING, SPAWN, true),
			   [CHILD_RESTART] = GOES(STARTING, SPAWN, true),
			   [CHILD_NOW] = STAYS(STOPPED, false),
			   [CHILD_SPAWNED] = STAYS(BACKOFF, true),
			   [CHILD_SPAWN_FAILED] = STAYS(BACKOFF, true),
			   [CHILD_CANNOT_RUN] = STAYS(BACKOFF, true),
			   [CHILD_READY] = STAYS(BACKOFF, true),
			   [CHILD_EXITED] = STAYS(BACKOFF, true),
			   [CHILD_TIMER] = GOES(STARTING, SPAWN, true),
			   [CHILD_HUNG] = STAYS(BACKOFF, true)},
	[CHILD_STOPPING] = {[CHILD_UP] = STAYS(STOPPING, true),
			    [CHILD_DOWN] = STAYS(STOPPING, false),
			    [CHILD_START] = STAYS(STOPPING, true),
			    [CHILD_RESTART] = STAYS(STOPPING, true),
			    [CHILD_NOW] = GOES(STOPPING, KILL, false),
			    [CHILD_SPAWNED] = STAYS(STOPPING, true),
			    [CHILD_SPAWN_FAILED] = STAYS(STOPPING, true),
			    [CHILD_CANNOT_RUN] = STAYS(STOPPING, true),
			    [CHILD_READY] = STAYS(STOPPING, true),
			    [CHILD_EXITED] = GOES(STARTING, SPAWN, true),
			    [CHILD_TIMER] = GOES(STOPPING, KILL, true),
			    [CHILD_HUNG] = GOES(STOPPING, ABORT, true)},
	[CHILD_FATAL] = {[CHILD_UP] = STAYS(FATAL, true),
			 [CHILD_DOWN] = STAYS(STOPPED, false),
			 [CHILD_START] = GOES(STARTING, SPAWN, true),
			 [CHILD_RESTART] = GOES(STARTING, SPAWN, true),
			 [CHILD_NOW] = STAYS(STOPPED, false),
			 [CHILD_SPAWNED] = STAYS(FATAL, true),
			 [CHILD_SPAWN_FAILED] = STAYS(FATAL, true),
			 [CHILD_CANNOT_RUN] = STAYS(FATAL, true),
			 [CHILD_READY] = STAYS(FATAL, true),
			 [CHILD_EXITED] = STAYS(FATAL, true),
			 [CHILD_TIMER] = STAYS(FATAL, true),
			 [CHILD_HUNG] = STAYS(FATAL, true)},
};

static void
test_every_state_and_event(void **state UNUSED)
{
	for (unsigned s = 0; s < CHILD_STATE_COUNT; s++) {
		for (unsigned e = 0; e < CHILD_EVENT_COUNT; e++) {
			struct child child = child_in((enum child_state)s);
			struct child_event event = {.kind = (enum child_event_kind)e,
						    .exit_code = 1};
			const struct outcome_of_step *want = &expected[s][e];
			enum child_action action = child_step(&child, &event, &policy, NOW_MS);

			if (child.state != want->state || action != want->action ||
			    child.wanted != want->wanted)
				fail_msg("%s with event %u: %s, action %d, wanted %d",
					 child_state_name((enum child_state)s), e,
					 child_state_name(child.state), action, child.wanted);
			/* Whoever waits for something knows until when. */
			if (child.state == CHILD_BACKOFF)
				assert_true(child.deadline_ms != CHILD_NO_DEADLINE);
			if (child.state == CHILD_STOPPED || child.state == CHILD_FATAL ||
			    child.state == CHILD_RUNNING)
				assert_true(child.deadline_ms == CHILD_NO_DEADLINE);
		}
	}
}

static void
test_how_it_ended(void **state UNUSED)
{
	static const struct {
		enum child_state from;
		bool wanted;
		enum child_ending ending;
		int exit_code, signal;
		enum child_state to;
	} cases[] = {
		{CHILD_RUNNING, true, CHILD_ENDING_NONE, 0, 0, CHILD_BACKOFF},
		{CHILD_RUNNING, true, CHILD_ENDING_NONE, EX_CONFIG, 0, CHILD_FATAL},
		{CHILD_STARTING, true, CHILD_ENDING_NONE, EX_USAGE, 0, CHILD_FATAL},
		{CHILD_STARTING, true, CHILD_ENDING_NONE, EX_TEMPFAIL, 0, CHILD_BACKOFF},
		{CHILD_RUNNING, true, CHILD_ENDING_NONE, 0, SIGKILL, CHILD_BACKOFF},
		/* A signal leaves no exit code: the number in the field means nothing. */
		{CHILD_RUNNING, true, CHILD_ENDING_NONE, EX_CONFIG, SIGSEGV, CHILD_BACKOFF},
		{CHILD_STOPPING, false, CHILD_ENDING_DRAIN, 0, 0, CHILD_STOPPED},
		{CHILD_STOPPING, false, CHILD_ENDING_KILLED, 0, SIGKILL, CHILD_STOPPED},
		{CHILD_STOPPING, false, CHILD_ENDING_HUNG, 0, SIGABRT, CHILD_STOPPED},
		{CHILD_STOPPING, false, CHILD_ENDING_DRAIN, EX_CONFIG, 0, CHILD_STOPPED},
		{CHILD_STOPPING, true, CHILD_ENDING_DRAIN, 0, 0, CHILD_STARTING},
		{CHILD_STOPPING, true, CHILD_ENDING_KILLED, 0, SIGKILL, CHILD_STARTING},
		{CHILD_STOPPING, true, CHILD_ENDING_HUNG, 0, SIGABRT, CHILD_BACKOFF},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct child child = child_in(cases[i].from);
		struct child_event event = {.kind = CHILD_EXITED,
					    .exit_code = cases[i].exit_code,
					    .signal = cases[i].signal};
		enum child_action action;

		child.wanted = cases[i].wanted;
		child.ending = cases[i].ending;
		action = child_step(&child, &event, &policy, NOW_MS);
		if (child.state != cases[i].to)
			fail_msg("case %zu: %s", i, child_state_name(child.state));
		assert_int_equal(action == CHILD_DO_SPAWN, cases[i].to == CHILD_STARTING);
	}
}

static enum child_action
feed(struct child *child, enum child_event_kind kind, int64_t now_ms)
{
	return child_step(child,
			  &(struct child_event){.kind = kind, .signal = kind == CHILD_EXITED},
			  &policy, now_ms);
}

/* The delay lies between half and all of min * 2^n and never above the maximum. */
static void
test_delay_doubles_while_it_dies_young(void **state UNUSED)
{
	struct child child;
	int64_t now_ms = NOW_MS, most_ms = MIN_MS;

	child_init(&child);
	assert_int_equal(feed(&child, CHILD_UP, now_ms), CHILD_DO_SPAWN);
	for (int i = 0; i < 12; i++) {
		int64_t delay_ms;

		feed(&child, CHILD_SPAWNED, now_ms);
		feed(&child, CHILD_EXITED, now_ms);
		delay_ms = child.deadline_ms - now_ms;
		assert_between(delay_ms, most_ms / 2, most_ms);
		assert_int_equal(feed(&child, CHILD_TIMER, child.deadline_ms - 1),
				 CHILD_DO_NOTHING);
		now_ms = child.deadline_ms;
		assert_int_equal(feed(&child, CHILD_TIMER, now_ms), CHILD_DO_SPAWN);
		most_ms = MIN(most_ms * 2, MAX_MS);
	}
	/* A long life makes up for it. */
	feed(&child, CHILD_READY, now_ms);
	now_ms += STABLE_MS;
	feed(&child, CHILD_EXITED, now_ms);
	assert_between(child.deadline_ms - now_ms, MIN_MS / 2, MIN_MS);
}

static void
test_drain_then_kill(void **state UNUSED)
{
	struct child child = child_in(CHILD_RUNNING);

	assert_int_equal(feed(&child, CHILD_DOWN, NOW_MS), CHILD_DO_TERM);
	assert_int_equal(child.deadline_ms, NOW_MS + DRAIN_MS);
	assert_int_equal(feed(&child, CHILD_TIMER, NOW_MS + DRAIN_MS - 1), CHILD_DO_NOTHING);
	assert_int_equal(feed(&child, CHILD_TIMER, NOW_MS + DRAIN_MS), CHILD_DO_KILL);
	assert_int_equal(child.ending, CHILD_ENDING_KILLED);
	/* One KILL is enough. */
	assert_int_equal(feed(&child, CHILD_TIMER, NOW_MS + 2 * DRAIN_MS), CHILD_DO_NOTHING);
	assert_int_equal(feed(&child, CHILD_EXITED, NOW_MS + 2 * DRAIN_MS), CHILD_DO_NOTHING);
	assert_int_equal(child.state, CHILD_STOPPED);
}

static void
test_hang_then_kill(void **state UNUSED)
{
	struct child child = child_in(CHILD_RUNNING);

	assert_int_equal(feed(&child, CHILD_HUNG, NOW_MS), CHILD_DO_ABORT);
	assert_int_equal(feed(&child, CHILD_HUNG, NOW_MS + 1), CHILD_DO_NOTHING);
	assert_int_equal(feed(&child, CHILD_TIMER, NOW_MS + CHILD_ABORT_TO_KILL_MS), CHILD_DO_KILL);
	assert_int_equal(child.ending, CHILD_ENDING_HUNG);
	feed(&child, CHILD_EXITED, NOW_MS + CHILD_ABORT_TO_KILL_MS);
	assert_int_equal(child.state, CHILD_BACKOFF);
}

static void
test_hang_while_draining(void **state UNUSED)
{
	struct child child = child_in(CHILD_RUNNING);

	assert_int_equal(feed(&child, CHILD_DOWN, NOW_MS), CHILD_DO_TERM);
	assert_int_equal(feed(&child, CHILD_HUNG, NOW_MS + 1), CHILD_DO_ABORT);
	assert_int_equal(feed(&child, CHILD_HUNG, NOW_MS + 2), CHILD_DO_NOTHING);
	assert_int_equal(feed(&child, CHILD_TIMER, NOW_MS + 1 + CHILD_ABORT_TO_KILL_MS),
			 CHILD_DO_KILL);
	/* What is being killed is not aborted again. */
	assert_int_equal(feed(&child, CHILD_HUNG, NOW_MS + 2 + CHILD_ABORT_TO_KILL_MS),
			 CHILD_DO_NOTHING);
	feed(&child, CHILD_EXITED, NOW_MS + 3 + CHILD_ABORT_TO_KILL_MS);
	assert_int_equal(child.state, CHILD_STOPPED);
}

static void
test_wanted_again_while_stopping(void **state UNUSED)
{
	struct child child = child_in(CHILD_RUNNING);

	feed(&child, CHILD_DOWN, NOW_MS);
	feed(&child, CHILD_UP, NOW_MS + 1);
	assert_int_equal(feed(&child, CHILD_EXITED, NOW_MS + 2), CHILD_DO_SPAWN);
	assert_int_equal(child.started_ms, NOW_MS + 2);
	assert_int_equal(child.ending, CHILD_ENDING_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_state_and_event),
		cmocka_unit_test(test_how_it_ended),
		cmocka_unit_test(test_delay_doubles_while_it_dies_young),
		cmocka_unit_test(test_drain_then_kill),
		cmocka_unit_test(test_hang_then_kill),
		cmocka_unit_test(test_hang_while_draining),
		cmocka_unit_test(test_wanted_again_while_stopping),
	};

	return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
