/* SPDX-License-Identifier: MIT */
/*
 * ctl_change.h - the second half of the verbs that change what runs: wait until the children are as
 * they are wanted, and say so.
 *
 * sluiced never waits for anybody; who wants to know the end of a story asks again.
 */
#ifndef SUPERVISOR_CTL_CTL_CHANGE_H
#define SUPERVISOR_CTL_CTL_CHANGE_H

#include "supervisor/cli/verbs.h"
#include "supervisor/shared/roles.h"

struct ctl_change {
	const struct target *targets; /* whom it concerns */
	size_t target_count;
	bool dry_run;	  /* nothing changes: do not wait */
	const char *done; /* what they become: "ready" */
};

/*
 * The verb has printed what it does, without a line end (output_note()). Wait for --timeout, unless --no-wait,
 * and end the line with "ready in 0.8 s"; or print data, with what came of it in settled and
 * waited_s. Releases data. Returns CTL_OK, CTL_FAILED when a child turned out FATAL, EX_TEMPFAIL
 * when the time was up.
 */
int ctl_change_finish(struct call *call, const struct ctl_change *change, json_t *data) MUST_CHECK;

#endif
