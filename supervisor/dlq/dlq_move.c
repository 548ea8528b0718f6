/* SPDX-License-Identifier: MIT */
/*
 * dlq_move.c - the loop under retry, edit, hold, release and drop: read a letter, do something
 * safe with it, acknowledge it.
 */
#include "supervisor/dlq/dlq_move.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "supervisor/dlq/dlq_group.h"
#include "supervisor/dlq/dlq_id.h"
#include "supervisor/dlq/dlq_interrupt.h"
#include "supervisor/dlq/dlq_walk.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <sysexits.h>

enum { ERRORS_LOGGED_MAX = 10 };

/* Is it too early for the next letter? Waits a little then. */
static bool
must_wait(const struct dlq_move_job *job, int64_t begin_ms, uint64_t done)
{
	int64_t due_ms;

	if (job->run->rate == 0)
		return false;
	due_ms = begin_ms + (int64_t)(done * 1000 / (uint64_t)job->run->rate);
	if (clock_mono_ms() >= due_ms)
		return false;
	poll(NULL, 0, (int)MIN(due_ms - clock_mono_ms(), 200));
	return true;
}

static void
log_refusal(struct dlq_run *run, const struct dlq_letter *letter, const struct failure *failure)
{
	char id[DLQ_ID_SIZE];

	run->failed++;
	if (run->failed <= ERRORS_LOGGED_MAX)
		log_error("%s stays where it is: %s", dlq_id_text(letter->queue, letter->id, id),
			  failure->text);
}

static enum outcome
handle_letter(struct dlq_move_job *job, const struct dlq_move_ops *ops,
	      const struct dlq_letter *letter, struct failure *failure)
{
	enum outcome outcome;

	if (ops->publishes)
		dlq_mover_begin(job->mover, letter->delivery->tag);
	outcome = ops->handle(job, letter, failure);
	if (outcome == OUTCOME_REJECT) {
		log_refusal(job->run, letter, failure);
		outcome = OUTCOME_DONE;
	}
	if (outcome == OUTCOME_DONE && ops->publishes)
		outcome = dlq_mover_end(job->mover, failure);
	return outcome;
}

static enum outcome
offer_letter(struct dlq_move_job *job, const struct dlq_move_ops *ops,
	     const struct delivery *delivery, struct failure *failure)
{
	struct dlq_run *run = job->run;
	struct dlq_letter letter;

	dlq_letter_read(run->md5, job->queue, delivery, &letter);
	if (!dlq_select_matches(&run->select, &letter)) {
		run->left_held += dlq_select_leaves_held(&run->select, &letter);
		return OUTCOME_DONE;
	}
	if (ops->skips != NULL && ops->skips(job, &letter)) {
		run->unchanged++;
		return OUTCOME_DONE;
	}
	run->selected++;
	if (ops->refuses != NULL && ops->refuses(&letter, failure)) {
		log_refusal(run, &letter, failure);
		return OUTCOME_DONE;
	}
	return run->dry_run ? OUTCOME_DONE : handle_letter(job, ops, &letter, failure);
}

static enum outcome
move_letters(struct dlq_move_job *job, const struct dlq_move_ops *ops, struct failure *failure)
{
	struct dlq_run *run = job->run;
	int64_t begin_ms = clock_mono_ms();
	uint64_t before = run->selected;
	bool end = false;

	while (!end && !dlq_interrupt_seen() &&
	       (run->limit == 0 || run->selected < (uint64_t)run->limit)) {
		struct delivery *delivery = NULL;
		enum outcome outcome;

		if (job->mover != NULL && dlq_mover_serve(job->mover, 0, failure) != OUTCOME_DONE)
			return failure->outcome;
		if (must_wait(job, begin_ms, run->selected - before))
			continue;
		if (dlq_reader_next(job->reader, &delivery, &end, failure) != OUTCOME_DONE)
			return failure->outcome;
		if (delivery == NULL && !end) {
			/* the confirms of what was sent come on the other connection */
			dlq_reader_wait(job->reader);
			continue;
		}
		if (delivery == NULL)
			break;
		outcome = offer_letter(job, ops, delivery, failure);
		delivery_free(&delivery);
		if (outcome != OUTCOME_DONE)
			return outcome;
	}
	return OUTCOME_DONE;
}

static enum outcome
open_job(struct dlq_move_job *job, const struct dlq_move_ops *ops, struct failure *failure)
{
	const struct broker_settings *settings = &job->run->settings->broker;

	if (dlq_reader_open(&job->reader, settings, stage_table[job->queue].dead_queue,
			    "sluicectl dlq", failure) != OUTCOME_DONE)
		return failure->outcome;
	if (!ops->publishes || job->run->dry_run)
		return OUTCOME_DONE;
	return dlq_mover_open(&job->mover, settings, job->reader, "sluicectl dlq, publishing",
			      failure);
}

static int
move_queue(struct dlq_run *run, enum stage_id queue, const struct dlq_move_ops *ops, void *context)
{
	struct dlq_move_job job = {.run = run, .queue = queue, .context = context};
	struct failure failure;
	enum outcome outcome = open_job(&job, ops, &failure);
	int code = CTL_OK;

	if (outcome == OUTCOME_DONE)
		outcome = move_letters(&job, ops, &failure);
	if (outcome == OUTCOME_DONE && job.mover != NULL)
		outcome = dlq_mover_finish(job.mover, &failure);
	if (outcome == OUTCOME_DONE && ops->finish != NULL && !run->dry_run)
		outcome = ops->finish(&job, &failure);
	if (outcome == OUTCOME_DONE && !dlq_interrupt_seen())
		dlq_reader_preserve_order(job.reader);
	if (outcome != OUTCOME_DONE)
		code = dlq_walk_log_failure(&failure);
	if (job.mover != NULL) {
		run->moved += dlq_mover_moved(job.mover);
		run->unconfirmed += dlq_mover_unconfirmed(job.mover);
	}
	if (job.reader != NULL && dlq_reader_missing(job.reader) > 0)
		log_warning("%s: somebody else holds %" PRIu32 " of these dead letters now",
			    stage_table[queue].dead_queue, dlq_reader_missing(job.reader));
	dlq_mover_close(&job.mover);
	dlq_reader_close(&job.reader);
	return code;
}

int
dlq_move_check_choice(const struct dlq_run *run)
{
	const struct dlq_select *s = &run->select;
	bool filtered = dlq_select_has_filters(s);

	if (s->by_id && (filtered || s->all))
		return verbs_usage(run->call,
				   "ids, or a choice by group, reason and the like; not both");
	if (!s->by_id && !filtered && !s->all)
		return verbs_usage(run->call,
				   "which letters? ids, a group (sluicectl dlq groups), or --all");
	return CTL_OK;
}

int
dlq_move(struct dlq_run *run, const struct dlq_move_ops *ops, void *context)
{
	int code = CTL_OK;

	for (size_t i = 0; i < STAGE_COUNT && code == CTL_OK && !dlq_interrupt_seen(); i++)
		if (dlq_select_wants_queue(&run->select, (enum stage_id)i) &&
		    (run->limit == 0 || run->selected < (uint64_t)run->limit))
			code = move_queue(run, (enum stage_id)i, ops, context);
	return code;
}

struct result {
	const struct dlq_run *run;
	const char *done;
	bool interrupted;
};

static json_t *
result_json(const void *record)
{
	const struct dlq_run *run = ((const struct result *)record)->run;

	return json_pack("{s:I, s:I, s:I, s:I, s:b}", "selected", (json_int_t)run->selected,
			 "moved", (json_int_t)run->moved, "failed", (json_int_t)run->failed,
			 "unsure", (json_int_t)run->unconfirmed, "dry_run", (int)run->dry_run);
}

static void
print_result(const void *record, FILE *out)
{
	const struct result *result = record;
	const struct dlq_run *run = result->run;

	if (result->interrupted)
		/* how many it would have been is not known: they were not looked at */
		fprintf(out, "%" PRIu64 " letters %s, interrupted; the rest is where it was\n",
			run->dry_run ? 0 : run->moved, result->done);
	else if (run->dry_run)
		fprintf(out, "%" PRIu64 " letters would be %s\n", run->selected - run->failed,
			result->done);
	else
		fprintf(out, "%" PRIu64 " of %" PRIu64 " letters %s\n", run->moved, run->selected,
			result->done);
}

/* Nothing was done, and nothing failed: why? */
static int
explain_nothing(const struct dlq_run *run)
{
	const struct dlq_select *select = &run->select;
	char group[DLQ_GROUP_SIZE];

	if (run->left_held > 0) {
		log_warning("%" PRIu64 " letters are held; --with-held takes them, too",
			    run->left_held);
	} else if (run->unchanged > 0) {
		log_warning("%" PRIu64 " letters are so already", run->unchanged);
	} else if (select->by_id && !run->stdin_ids) {
		log_error("there is no such letter (any more)");
		return EX_DATAERR;
	} else if (select->has_group) {
		log_error("there is no group %s (any more); try: sluicectl dlq groups",
			  dlq_group_text(select->group, group));
		return EX_DATAERR;
	} else if (dlq_select_has_filters(select)) {
		log_warning("no letter matches");
	}
	return CTL_OK;
}

int
dlq_move_report(struct dlq_run *run, const char *done, int code)
{
	bool interrupted = dlq_interrupt_seen() && code == CTL_OK;

	if (interrupted)
		log_warning("interrupted between two letters");
	/* What failed before a letter was seen has no result. */
	if (code == CTL_OK || run->selected > 0 || run->moved > 0)
		output_record(
			&run->call->output,
			&(struct result){.run = run, .done = done, .interrupted = interrupted},
			result_json, print_result);
	if (run->unconfirmed > 0)
		log_warning("%" PRIu64 " messages were sent but not confirmed: their letters are "
			    "still here, and may be in the other place, too",
			    run->unconfirmed);
	if (run->failed > ERRORS_LOGGED_MAX)
		log_error("%" PRIu64 " letters failed altogether", run->failed);
	if (code == CTL_OK && run->selected == 0 && !interrupted)
		return explain_nothing(run);
	if (code == CTL_OK && (run->failed > 0 || dlq_interrupt_seen()))
		return (run->dry_run ? run->selected > run->failed : run->moved > 0) ? CTL_PARTLY
										     : CTL_FAILED;
	return code != CTL_OK && run->moved > 0 ? CTL_PARTLY : code;
}
