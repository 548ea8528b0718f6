/* SPDX-License-Identifier: MIT */
/*
 * dlq_retry.c - `sluicectl dlq retry`: letters published once more.
 */
#include "common/broker/delivery_json.h"
#include "common/message/lines.h"
#include "common/base/log.h"
#include "supervisor/dlq/dlq_canary.h"
#include "supervisor/dlq/dlq_format.h"
#include "supervisor/dlq/dlq_headers.h"
#include "supervisor/dlq/dlq_interrupt.h"
#include "supervisor/dlq/dlq_walk.h"

#include <stdio.h>
#include <sysexits.h>
#include <time.h>

static enum outcome
send_lines(struct dlq_move_job *job, const struct dlq_letter *letter, json_t *properties,
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
		dlq_headers_split(properties, message, reader.offset);
		outcome = dlq_mover_publish(job->mover, stage_table[letter->queue].queue,
					    properties, line, failure);
	}
	return outcome;
}

static bool
refuse_flawed(const struct dlq_letter *letter, struct failure *failure)
{
	char text[DLQ_DETAIL_SIZE];

	if (letter->flaw == DLQ_NO_FLAW)
		return false;
	dlq_letter_flaw_text(letter, text);
	failure_set(failure, OUTCOME_REJECT, EX_DATAERR, "%s", text);
	return true;
}

static enum outcome
retry_letter(struct dlq_move_job *job, const struct dlq_letter *letter, struct failure *failure)
{
	struct dlq_run *run = job->run;
	const struct message *message = &letter->delivery->message;
	json_t *properties = delivery_json_properties(letter->delivery);
	enum outcome outcome;

	dlq_headers_resend(
		properties, letter->retries + 1,
		dlq_format_choose(run->settings, run->format, run->keep_format, message));
	if (run->split && letter->lines > 1)
		outcome = send_lines(job, letter, properties, failure);
	else
		outcome = dlq_mover_publish(job->mover, stage_table[letter->queue].queue,
					    properties, message_lines(message), failure);
	json_decref(properties);
	if (outcome == OUTCOME_DONE && job->context != NULL)
		dlq_canary_add(job->context, run->md5, letter);
	return outcome;
}

static enum outcome
wait_for_canary(struct dlq_move_job *job, struct failure *failure)
{
	return dlq_canary_wait(job->context, job, failure);
}

/* The first letters of each queue; 0 when they all arrived. */
static int
send_canary(struct dlq_run *run)
{
	static const struct dlq_move_ops ops = {.publishes = true,
						.handle = retry_letter,
						.refuses = refuse_flawed,
						.finish = wait_for_canary};
	bool wanted[STAGE_COUNT];
	int64_t limit = run->limit;
	int code = CTL_OK;

	for (size_t i = 0; i < STAGE_COUNT; i++)
		wanted[i] = run->select.queue[i];
	for (size_t i = 0; i < STAGE_COUNT && code == CTL_OK; i++) {
		struct dlq_canary *canary = dlq_canary_new();

		if (!dlq_select_wants_queue(&run->select, (enum stage_id)i)) {
			dlq_canary_free(&canary);
			continue;
		}
		for (size_t q = 0; q < STAGE_COUNT; q++)
			run->select.queue[q] = q == i;
		run->limit = (int64_t)run->selected + run->canary;
		if (limit > 0)
			run->limit = MIN(run->limit, limit);
		code = dlq_move(run, &ops, canary);
		dlq_canary_free(&canary);
		for (size_t q = 0; q < STAGE_COUNT; q++)
			run->select.queue[q] = wanted[q];
	}
	run->limit = limit;
	if (code == CTL_OK)
		output_note(&run->call->output,
			    "canary: all lines of the first %llu letters are stored\n",
			    (unsigned long long)run->moved);
	return code;
}

int
dlq_retry(struct dlq_run *run)
{
	static const struct dlq_move_ops ops = {
		.publishes = true, .handle = retry_letter, .refuses = refuse_flawed};
	int code = dlq_move_check_choice(run);

	if (code == CTL_OK)
		code = dlq_walk_resolve(run);
	if (code != CTL_OK)
		return code;
	run->selected = 0;
	dlq_interrupt_catch();
	if (run->canary > 0 && !run->dry_run)
		code = send_canary(run);
	if (code == CTL_OK && !dlq_interrupt_seen())
		code = dlq_move(run, &ops, NULL);
	return dlq_move_report(run, "sent again", code);
}
