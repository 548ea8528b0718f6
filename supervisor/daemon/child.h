/* SPDX-License-Identifier: MIT */
/*
 * child.h - the life of one child as a state machine without side effects.
 *
 * child_step() takes what happened and says what to do; it forks, kills and waits for nothing, so
 * every state and event is tested without a process. pool.c feeds it and carries out the actions.
 *
 * Two pairs are kept apart: what is wanted (wanted) from what is (state), and a process that lives
 * (STARTING) from one that says it is ready (RUNNING).
 */
#ifndef SUPERVISOR_DAEMON_CHILD_H
#define SUPERVISOR_DAEMON_CHILD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/backoff.h"
#include "common/base/defs.h"

enum child_state {
	CHILD_STOPPED,	/* no process, none wanted */
	CHILD_STARTING, /* it lives, or is being made, and has not yet said that it is ready */
	CHILD_RUNNING,	/* it has said so; a later outage shows in its report, not here */
	CHILD_BACKOFF,	/* it died; waits for its next start */
	CHILD_STOPPING, /* told to end, or being killed for hanging; still there */
	CHILD_FATAL, /* it cannot work as it is set up; an operator or a reload starts it again */
	CHILD_STATE_COUNT
};

enum child_event_kind {
	CHILD_UP,	    /* one is wanted in this slot */
	CHILD_DOWN,	    /* none is wanted any more */
	CHILD_START,	    /* an operator or a reload says: try now, whatever held you back */
	CHILD_RESTART,	    /* end and begin again */
	CHILD_NOW,	    /* end without finishing what is in hand */
	CHILD_SPAWNED,	    /* the program runs */
	CHILD_SPAWN_FAILED, /* no process for now: try later */
	CHILD_CANNOT_RUN,   /* the program cannot be executed: trying again will not help */
	CHILD_READY,	    /* its page says so */
	CHILD_EXITED,	    /* it is gone; exit_code and signal say how */
	CHILD_TIMER,	    /* the clock was looked at */
	CHILD_HUNG,	    /* its heartbeat stands still */
	CHILD_EVENT_COUNT
};

struct child_event {
	enum child_event_kind kind;
	int exit_code; /* of CHILD_EXITED, when signal is 0 */
	int signal;    /* of CHILD_EXITED; 0 = it ended by itself */
};

enum child_action {
	CHILD_DO_NOTHING,
	CHILD_DO_SPAWN, /* then feed CHILD_SPAWNED, CHILD_SPAWN_FAILED or CHILD_CANNOT_RUN */
	CHILD_DO_TERM,
	CHILD_DO_ABORT, /* SIGABRT: a core shows where it hangs */
	CHILD_DO_KILL,
	CHILD_ACTION_COUNT
};

/* Why a child in STOPPING is ending. */
enum child_ending {
	CHILD_ENDING_NONE,
	CHILD_ENDING_DRAIN,  /* it was asked to */
	CHILD_ENDING_HUNG,   /* it showed no sign of life */
	CHILD_ENDING_KILLED, /* it was asked to and did not in time, or there was no time */
};

/* The settings that child_step() goes by. */
struct child_policy {
	int64_t drain_ms, stable_ms, restart_min_ms, restart_max_ms;
};

enum { CHILD_ABORT_TO_KILL_MS = 5000 };
#define CHILD_NO_DEADLINE INT64_MAX

struct child {
	enum child_state state;
	bool wanted;
	enum child_ending ending;
	int64_t started_ms;  /* of the last start */
	int64_t deadline_ms; /* when CHILD_TIMER will do something; CHILD_NO_DEADLINE = never */
	struct backoff backoff;
};

void child_init(struct child *child);

/* One step. All times are CLOCK_MONOTONIC milliseconds. The only thing not determined is the
 * jitter. */
enum child_action child_step(struct child *child, const struct child_event *event,
			     const struct child_policy *policy, int64_t now_ms) MUST_CHECK;

/* There is a process, or one is just being made. */
bool child_is_alive(const struct child *child);

const char *child_state_name(enum child_state state); /* "RUNNING" */

#endif
