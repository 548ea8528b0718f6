/* SPDX-License-Identifier: MIT */
/*
 * dlq_move.h - the loop under the verbs that change something: read a letter, do something safe
 * with it, acknowledge it.
 */
#ifndef SUPERVISOR_DLQ_DLQ_MOVE_H
#define SUPERVISOR_DLQ_DLQ_MOVE_H

#include "supervisor/dlq/dlq.h"
#include "supervisor/dlq/dlq_mover.h"

struct dlq_move_job {
	struct dlq_run *run;
	enum stage_id queue;
	struct dlq_reader *reader;
	struct dlq_mover *mover; /* NULL when nothing is published */
	void *context;
};

struct dlq_move_ops {
	bool publishes;
	/*
	 * Do it for one letter, between dlq_mover_begin and _end when it publishes. REJECT: this
	 * letter stays where it is (failure says why); RETRY, FATAL: stop.
	 */
	enum outcome (*handle)(struct dlq_move_job *job, const struct dlq_letter *letter,
			       struct failure *failure);
	/* May be NULL: is this letter left alone, silently? */
	bool (*skips)(struct dlq_move_job *job, const struct dlq_letter *letter);
	/*
	 * May be NULL: must this letter stay, for the reason in failure? Asked in a dry run, too.
	 */
	bool (*refuses)(const struct dlq_letter *letter, struct failure *failure);
	/* May be NULL: before a queue is left, everything published is confirmed. */
	enum outcome (*finish)(struct dlq_move_job *job, struct failure *failure);
};

/*
 * Ids, or a choice by group, reason and the like, or --all: one of them must have been given.
 * Returns an exit code, after a message when it is not 0.
 */
int dlq_move_check_choice(const struct dlq_run *run) MUST_CHECK;

/* Do it for every letter that the selection takes; counts in run. Returns an exit code. */
int dlq_move(struct dlq_run *run, const struct dlq_move_ops *ops, void *context);

/* Say what was done. Returns the exit code: code, or CTL_PARTLY when not all was done. */
int dlq_move_report(struct dlq_run *run, const char *done, int code);

#endif
