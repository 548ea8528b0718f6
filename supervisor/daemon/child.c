/* SPDX-License-Identifier: MIT */
/*
 * child.c - the life of one child: one small function per state.
 *
 * An event that means nothing in a state is ignored there; a state function only names those that
 * do.
 */
#include "supervisor/daemon/child.h"

#include <assert.h>
#include <stddef.h>
#include <sysexits.h>

static const char *const state_names[CHILD_STATE_COUNT] = {
	[CHILD_STOPPED] = "STOPPED", [CHILD_STARTING] = "STARTING", [CHILD_RUNNING] = "RUNNING",
	[CHILD_BACKOFF] = "BACKOFF", [CHILD_STOPPING] = "STOPPING", [CHILD_FATAL] = "FATAL",
};

const char *
child_state_name(enum child_state state)
{
	return (size_t)state < CHILD_STATE_COUNT ? state_names[state] : "UNKNOWN";
}

void
child_init(struct child *child)
{
	*child = (struct child){.state = CHILD_STOPPED, .deadline_ms = CHILD_NO_DEADLINE};
}

bool
child_is_alive(const struct child *child)
{
	return child->state == CHILD_STARTING || child->state == CHILD_RUNNING ||
	       child->state == CHILD_STOPPING;
}

static enum child_action
enter(struct child *child, enum child_state state, int64_t deadline_ms, enum child_action action)
{
	child->state = state;
	child->deadline_ms = deadline_ms;
	return action;
}

static enum child_action
child_spawn(struct child *child, int64_t now_ms)
{
	child->ending = CHILD_ENDING_NONE;
	child->started_ms = now_ms;
	return enter(child, CHILD_STARTING, CHILD_NO_DEADLINE, CHILD_DO_SPAWN);
}

static enum child_action
child_stop(struct child *child)
{
	return enter(child, CHILD_STOPPED, CHILD_NO_DEADLINE, CHILD_DO_NOTHING);
}

static enum child_action
wait_before_spawn(struct child *child, const struct child_policy *policy, int64_t now_ms)
{
	child->backoff.min_ms = policy->restart_min_ms;
	child->backoff.max_ms = policy->restart_max_ms;
	return enter(child, CHILD_BACKOFF, now_ms + backoff_next_ms(&child->backoff),
		     CHILD_DO_NOTHING);
}

static enum child_action
drain(struct child *child, const struct child_policy *policy, int64_t now_ms)
{
	child->ending = CHILD_ENDING_DRAIN;
	return enter(child, CHILD_STOPPING, now_ms + policy->drain_ms, CHILD_DO_TERM);
}

static enum child_action
abort_hung(struct child *child, int64_t now_ms)
{
	child->ending = CHILD_ENDING_HUNG;
	return enter(child, CHILD_STOPPING, now_ms + CHILD_ABORT_TO_KILL_MS, CHILD_DO_ABORT);
}

static enum child_action
kill_now(struct child *child)
{
	child->wanted = false;
	child->ending = CHILD_ENDING_KILLED;
	return enter(child, CHILD_STOPPING, CHILD_NO_DEADLINE, CHILD_DO_KILL);
}

/* It is gone, and nobody had asked it to go. */
static enum child_action
died(struct child *child, const struct child_event *event, const struct child_policy *policy,
     int64_t now_ms)
{
	if (event->signal == 0 && (event->exit_code == EX_USAGE || event->exit_code == EX_CONFIG))
		return enter(child, CHILD_FATAL, CHILD_NO_DEADLINE, CHILD_DO_NOTHING);
	if (now_ms - child->started_ms >= policy->stable_ms)
		backoff_reset(&child->backoff);
	return wait_before_spawn(child, policy, now_ms);
}

/* STOPPED, BACKOFF and FATAL: there is no process. */
static enum child_action
step_down(struct child *child, const struct child_event *event, int64_t now_ms)
{
	switch (event->kind) {
	case CHILD_UP:
		child->wanted = true;
		return child->state == CHILD_STOPPED ? child_spawn(child, now_ms)
						     : CHILD_DO_NOTHING;
	case CHILD_START:
	case CHILD_RESTART:
		child->wanted = true;
		backoff_reset(&child->backoff);
		return child_spawn(child, now_ms);
	case CHILD_TIMER:
		if (child->state == CHILD_BACKOFF && now_ms >= child->deadline_ms)
			return child_spawn(child, now_ms);
		return CHILD_DO_NOTHING;
	case CHILD_DOWN:
	case CHILD_NOW:
		child->wanted = false;
		backoff_reset(&child->backoff);
		return child_stop(child);
	default:
		return CHILD_DO_NOTHING;
	}
}

/* STARTING and RUNNING: there is a process and it is to stay. */
static enum child_action
step_up(struct child *child, const struct child_event *event, const struct child_policy *policy,
	int64_t now_ms)
{
	switch (event->kind) {
	case CHILD_READY:
		return enter(child, CHILD_RUNNING, CHILD_NO_DEADLINE, CHILD_DO_NOTHING);
	case CHILD_DOWN:
		child->wanted = false;
		return drain(child, policy, now_ms);
	case CHILD_RESTART:
		return drain(child, policy, now_ms);
	case CHILD_NOW:
		return kill_now(child);
	case CHILD_HUNG:
		return abort_hung(child, now_ms);
	case CHILD_EXITED:
		return died(child, event, policy, now_ms);
	case CHILD_SPAWN_FAILED:
		return wait_before_spawn(child, policy, now_ms);
	case CHILD_CANNOT_RUN:
		return enter(child, CHILD_FATAL, CHILD_NO_DEADLINE, CHILD_DO_NOTHING);
	default:
		return CHILD_DO_NOTHING;
	}
}

static enum child_action
step_stopping(struct child *child, const struct child_event *event,
	      const struct child_policy *policy, int64_t now_ms)
{
	switch (event->kind) {
	case CHILD_UP:
	case CHILD_START:
	case CHILD_RESTART:
		child->wanted = true;
		return CHILD_DO_NOTHING;
	case CHILD_DOWN:
		child->wanted = false;
		return CHILD_DO_NOTHING;
	case CHILD_NOW:
		return kill_now(child);
	case CHILD_HUNG:
		/* A drain that has come to a standstill: its core says more than the kill later. */
		return child->ending == CHILD_ENDING_DRAIN ? abort_hung(child, now_ms)
							   : CHILD_DO_NOTHING;
	case CHILD_TIMER:
		if (now_ms < child->deadline_ms)
			return CHILD_DO_NOTHING;
		if (child->ending == CHILD_ENDING_DRAIN)
			child->ending = CHILD_ENDING_KILLED;
		return enter(child, CHILD_STOPPING, CHILD_NO_DEADLINE, CHILD_DO_KILL);
	case CHILD_EXITED:
		if (!child->wanted) {
			backoff_reset(&child->backoff);
			return child_stop(child);
		}
		/* A hang is a death like others; an end that was asked for needs no delay. */
		if (child->ending == CHILD_ENDING_HUNG)
			return died(child, event, policy, now_ms);
		return child_spawn(child, now_ms);
	default:
		return CHILD_DO_NOTHING;
	}
}

enum child_action
child_step(struct child *child, const struct child_event *event, const struct child_policy *policy,
	   int64_t now_ms)
{
	assert((size_t)child->state < CHILD_STATE_COUNT);
	switch (child->state) {
	case CHILD_STARTING:
	case CHILD_RUNNING:
		return step_up(child, event, policy, now_ms);
	case CHILD_STOPPING:
		return step_stopping(child, event, policy, now_ms);
	default:
		return step_down(child, event, now_ms);
	}
}
