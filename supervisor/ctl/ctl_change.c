/* SPDX-License-Identifier: MIT */
/*
 * ctl_change.c - wait until children are as they are wanted.
 */
#include "supervisor/ctl/ctl_change.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/visible_text.h"
#include "common/base/xalloc.h"
#include "supervisor/cli/member.h"
#include "supervisor/shared/human.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { ASK_AGAIN_MS = 50, ASK_AGAIN_LATER_MS = 500, QUICK_MS = 5000 };

enum ctl_change_verdict { VERDICT_DONE, VERDICT_NOT_YET, VERDICT_FAILED };

static bool
ctl_change_concerns(const struct ctl_change *change, const json_t *slot)
{
	const char *role = member_text(slot, "role", "");
	int index = (int)member_number(slot, "slot", -1);

	for (size_t i = 0; i < change->target_count; i++) {
		const struct target *target = &change->targets[i];

		if (target->all || (strcmp(role_table[target->role].name, role) == 0 &&
				    (target->index < 0 || target->index == index)))
			return true;
	}
	return false;
}

static enum ctl_change_verdict
ctl_change_judge_slot(const json_t *slot)
{
	const char *state = member_text(slot, "state", "");

	if (!member_is_true(slot, "wanted"))
		return strcmp(state, "STOPPED") == 0 ? VERDICT_DONE : VERDICT_NOT_YET;
	if (strcmp(state, "FATAL") == 0)
		return VERDICT_FAILED;
	if (member_is_true(slot, "ready") &&
	    member_is_true(slot, "paused") == member_is_true(slot, "pause_wanted") &&
	    !member_is_true(slot, "restart_pending"))
		return VERDICT_DONE;
	return VERDICT_NOT_YET;
}

/* The first child that is not as wanted decides; it is put into culprit (borrowed). */
static enum ctl_change_verdict
ctl_change_judge(const json_t *status, const struct ctl_change *change, const json_t **culprit)
{
	enum ctl_change_verdict worst = VERDICT_DONE;
	size_t i;
	const json_t *slot;

	json_array_foreach(json_object_get(status, "slots"), i, slot)
	{
		enum ctl_change_verdict verdict;

		if (!ctl_change_concerns(change, slot))
			continue;
		verdict = ctl_change_judge_slot(slot);
		if (verdict > worst) {
			worst = verdict;
			*culprit = slot;
		}
	}
	return worst;
}

/* "lake/0 is RUNNING, but not ready: mysql 2006 ...", in new memory. */
static char *
ctl_change_describe(const json_t *slot)
{
	const char *error = member_text(slot, "last_error", "");
	const char *state = member_text(slot, "state", "?"), *but = "";

	if (member_is_true(slot, "restart_pending"))
		but = ", its restart is not done";
	else if (strcmp(state, "RUNNING") == 0)
		but = member_is_true(slot, "ready") ? ", and still has something in hand"
						    : ", but not ready";
	return xasprintf("%s is %s%s%s%s", member_text(slot, "name", "?"), state, but,
			 error[0] != '\0' ? ": " : "", error);
}

/*
 * Ask for the status again and again until every child that the targets name is as it is wanted:
 * ready, or gone. Returns CTL_OK; CTL_FAILED when a child turned out FATAL, EX_TEMPFAIL when the
 * time was up, or why sluiced could not be asked: then *why is new memory, without a line end.
 */
static int
ctl_change_wait(struct client *client, const struct ctl_change *change, int64_t timeout_ms,
		double *seconds, char **why)
{
	int64_t start_ms = clock_mono_ms(), waited_ms;

	for (;;) {
		const json_t *culprit = NULL;
		enum ctl_change_verdict verdict;
		json_t *status;
		int exit_code;

		client->quiet = true; /* the line that is begun says it */
		status = client_ask(client, "status", NULL, &exit_code);
		waited_ms = clock_mono_ms() - start_ms;
		*seconds = (double)waited_ms / 1000;
		if (status == NULL) {
			*why = xstrdup("sluiced does not answer any more");
			return exit_code;
		}
		verdict = ctl_change_judge(status, change, &culprit);
		if (verdict == VERDICT_FAILED || waited_ms >= timeout_ms)
			*why = culprit != NULL ? ctl_change_describe(culprit) : NULL;
		json_decref(status);
		if (verdict == VERDICT_DONE)
			return CTL_OK;
		if (verdict == VERDICT_FAILED)
			return CTL_FAILED;
		if (waited_ms >= timeout_ms)
			return EX_TEMPFAIL;
		usleep(1000 *
		       (useconds_t)(waited_ms < QUICK_MS ? ASK_AGAIN_MS : ASK_AGAIN_LATER_MS));
	}
}

/*
 * On a terminal all of it ends the line that was begun; else that line goes with the data, and what
 * was in the way is a message.
 */
static void
ctl_change_say_undone(const struct call *call, const char *done, int exit_code, double seconds,
		      const char *why)
{
	char lasted[32], *text, *visible;

	human_duration((int64_t)(seconds * 1000), lasted, sizeof(lasted));
	text = xasprintf("not %s after %s: %s%s%s%s", done, lasted, why != NULL ? why : "?",
			 exit_code == EX_TEMPFAIL ? "; the order stands: " : "",
			 exit_code == EX_TEMPFAIL ? done : "",
			 exit_code == EX_TEMPFAIL ? " when that is over" : "");
	visible = visible_text_new(span_of(text), 0);
	if (call->output.json || !isatty(STDOUT_FILENO)) {
		output_note(&call->output, "not %s\n", done);
		log_error("%s", text);
	} else {
		output_note(&call->output, "%s\n", visible);
	}
	free(visible);
	free(text);
}

int
ctl_change_finish(struct call *call, const struct ctl_change *change, json_t *data)
{
	bool wait = !change->dry_run && !options_has(&call->options, "no-wait");
	char *why = NULL;
	double seconds = 0;
	int exit_code = CTL_OK;

	output_note(&call->output, wait ? " ... " : change->dry_run ? " (not done)\n" : "\n");
	if (wait)
		exit_code =
			ctl_change_wait(call->client, change,
					options_number(&call->options, "timeout"), &seconds, &why);
	if (exit_code != 0)
		ctl_change_say_undone(call, change->done, exit_code, seconds, why);
	else if (wait)
		output_note(&call->output, "%s in %.1f s\n", change->done, seconds);
	json_object_set_new(data, "settled", json_boolean(wait && exit_code == 0));
	json_object_set_new(data, "waited_s", json_real(seconds));
	output_value(&call->output, data, NULL);
	free(why);
	json_decref(data);
	return exit_code;
}
