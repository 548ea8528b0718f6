/* SPDX-License-Identifier: MIT */
/*
 * dlq_retry.c - `sluicectl dlq retry`, `hold`, `release`: letters published once more.
 */
#include "common/broker/broker_whole.h"
#include "common/message/lines.h"
#include "common/base/log.h"
#include "supervisor/dlq/dlq.h"
#include "supervisor/dlq/dlq_again.h"
#include "supervisor/dlq/dlq_canary.h"
#include "supervisor/dlq/dlq_today.h"

#include <stdio.h>
#include <sysexits.h>
#include <time.h>

/* Everything, or a choice: changing verbs want one or the other in words. */
static int
check_choice(struct dlq_run *run, bool needs_all)
{
	const struct dlq_select *s = &run->select;
	bool filtered = dlq_select_filters(s);

	if (s->by_id && (filtered || s->all))
		return dlq_usage(run, "ids, or a choice by group, reason and the like; not both");
	if (!s->by_id && !filtered && !s->all && needs_all)
		return dlq_usage(run,
				 "which letters? ids, a group (sluicectl dlq groups), or --all");
	return CTL_OK;
}

/* --- retry --- */

static enum outcome
send_lines(struct dlq_job *job, const struct dlq_letter *letter, json_t *properties,
	   struct failure *failure)
{
	const struct message *message = &letter->delivery->message;
	const struct span body = message->body;
	struct line_reader reader = lines_of(body);
	enum outcome outcome = OUTCOME_DONE;
	struct span line;

	while (outcome == OUTCOME_DONE && lines_next(&reader, &line)) {
		/* with its end: an empty line without it would be no line, one in CR lose its CR */
		line = (struct span){body.ptr + reader.offset, reader.next - reader.offset};
		dlq_again_line(properties, message, reader.offset);
		outcome = dlq_mover_publish(job->mover, dlq_queues[letter->queue].origin,
					    properties, line, failure);
	}
	return outcome;
}

static bool
refuse_flawed(const struct dlq_letter *letter, struct failure *failure)
{
	char text[DLQ_PATTERN_SIZE];

	if (letter->flaw == DLQ_SOUND)
		return false;
	dlq_flaw_text(letter, text);
	failure_set(failure, OUTCOME_REJECT, EX_DATAERR, "%s", text);
	return true;
}

static enum outcome
retry_letter(struct dlq_job *job, const struct dlq_letter *letter, struct failure *failure)
{
	struct dlq_run *run = job->run;
	const struct message *message = &letter->delivery->message;
	json_t *properties = delivery_properties(letter->delivery);
	enum outcome outcome;

	dlq_again_prepare(properties, letter->retries + 1,
			  dlq_today_format(run->settings, run->format, run->keep_format, message));
	if (run->split && letter->lines > 1)
		outcome = send_lines(job, letter, properties, failure);
	else
		outcome = dlq_mover_publish(job->mover, dlq_queues[letter->queue].origin,
					    properties, message_lines(message), failure);
	json_decref(properties);
	if (outcome == OUTCOME_DONE && job->context != NULL)
		dlq_canary_add(job->context, run->md5, letter);
	return outcome;
}

static enum outcome
wait_for_canary(struct dlq_job *job, struct failure *failure)
{
	return dlq_canary_wait(job->context, job, failure);
}

/* The first letters of each queue; 0 when they all arrived. */
static int
send_canary(struct dlq_run *run)
{
	static const struct dlq_move_ops ops = {.publishes = true,
						.take = retry_letter,
						.refuses = refuse_flawed,
						.finish = wait_for_canary};
	bool wanted[DLQ_QUEUES];
	int64_t limit = run->limit;
	int code = CTL_OK;

	for (size_t i = 0; i < DLQ_QUEUES; i++)
		wanted[i] = run->select.queue[i];
	for (size_t i = 0; i < DLQ_QUEUES && code == CTL_OK; i++) {
		struct dlq_canary *canary = dlq_canary_new();

		if (!dlq_select_wants_queue(&run->select, (enum dlq_queue)i)) {
			dlq_canary_free(&canary);
			continue;
		}
		run->select.queue[DLQ_LAKE] = i == DLQ_LAKE;
		run->select.queue[DLQ_CLEAN] = i == DLQ_CLEAN;
		run->limit = (int64_t)run->selected + run->canary;
		if (limit > 0)
			run->limit = MIN(run->limit, limit);
		code = dlq_move(run, &ops, canary);
		dlq_canary_free(&canary);
		for (size_t q = 0; q < DLQ_QUEUES; q++)
			run->select.queue[q] = wanted[q];
	}
	run->limit = limit;
	if (code == CTL_OK && !run->json)
		printf("canary: all lines of the first %llu letters are stored\n",
		       (unsigned long long)run->moved);
	return code;
}

int
dlq_retry(struct dlq_run *run)
{
	static const struct dlq_move_ops ops = {
		.publishes = true, .take = retry_letter, .refuses = refuse_flawed};
	int code = check_choice(run, true);

	if (code == CTL_OK)
		code = dlq_resolve(run);
	if (code != CTL_OK)
		return code;
	run->selected = 0;
	dlq_catch_interrupt();
	if (run->canary > 0 && !run->dry_run)
		code = send_canary(run);
	if (code == CTL_OK && !dlq_interrupted())
		code = dlq_move(run, &ops, NULL);
	return dlq_report(run, "sent again", code);
}

/* --- hold and release --- */

static enum outcome
mark_letter(struct dlq_job *job, const struct dlq_letter *letter, struct failure *failure)
{
	json_t *properties = delivery_properties(letter->delivery);
	enum outcome outcome;

	dlq_again_hold(properties, job->context, time(NULL));
	outcome = dlq_mover_publish(job->mover, dlq_queues[letter->queue].dead, properties,
				    letter->delivery->message.body, failure);
	json_decref(properties);
	return outcome;
}

static bool
is_as_wanted(struct dlq_job *job, const struct dlq_letter *letter)
{
	return letter->held == (job->context != NULL);
}

static int
mark(struct dlq_run *run, const char *done, void *who)
{
	static const struct dlq_move_ops ops = {
		.publishes = true, .take = mark_letter, .skips = is_as_wanted};
	int code = check_choice(run, true);

	run->select.with_held = true;
	if (code == CTL_OK)
		code = dlq_resolve(run);
	if (code != CTL_OK)
		return code;
	run->selected = 0;
	dlq_catch_interrupt();
	return dlq_report(run, done, dlq_move(run, &ops, who));
}

int
dlq_hold(struct dlq_run *run)
{
	char who[256];

	dlq_again_who(who);
	return mark(run, "held", who);
}

int
dlq_release(struct dlq_run *run)
{
	return mark(run, "released", NULL);
}
