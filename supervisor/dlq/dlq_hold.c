/* SPDX-License-Identifier: MIT */
/*
 * dlq_hold.c - `sluicectl dlq hold` and `release`: a letter replaced by a copy of itself with or
 * without the mark.
 */
#include "common/broker/delivery_json.h"
#include "supervisor/dlq/dlq_headers.h"
#include "supervisor/dlq/dlq_interrupt.h"
#include "supervisor/dlq/dlq_move.h"
#include "supervisor/dlq/dlq_walk.h"

#include <time.h>

static enum outcome
mark_letter(struct dlq_move_job *job, const struct dlq_letter *letter, struct failure *failure)
{
	json_t *properties = delivery_json_properties(letter->delivery);
	enum outcome outcome;

	dlq_headers_hold(properties, job->context, time(NULL));
	outcome = dlq_mover_publish(job->mover, stage_table[letter->queue].dead_queue, properties,
				    letter->delivery->message.body, failure);
	json_decref(properties);
	return outcome;
}

static bool
is_marked_so(struct dlq_move_job *job, const struct dlq_letter *letter)
{
	return letter->held == (job->context != NULL);
}

static int
mark(struct dlq_run *run, const char *done, void *who)
{
	static const struct dlq_move_ops ops = {
		.publishes = true, .handle = mark_letter, .skips = is_marked_so};
	int code = dlq_move_check_choice(run);

	run->select.with_held = true;
	if (code == CTL_OK)
		code = dlq_walk_resolve(run);
	if (code != CTL_OK)
		return code;
	run->selected = 0;
	dlq_interrupt_catch();
	return dlq_move_report(run, done, dlq_move(run, &ops, who));
}

int
dlq_hold(struct dlq_run *run)
{
	char who[256];

	dlq_headers_operator(who);
	return mark(run, "held", who);
}

int
dlq_release(struct dlq_run *run)
{
	return mark(run, "released", NULL);
}
