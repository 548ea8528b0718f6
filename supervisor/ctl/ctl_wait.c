/* SPDX-License-Identifier: MIT */
/*
 * ctl_wait.c - wait until children are as they are wanted.
 *
 * sluiced never waits for anybody; who wants to know the end of a story asks again.
 */
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "supervisor/cli/ctl.h"
#include "supervisor/shared/human.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { ASK_AGAIN_MS = 50, ASK_AGAIN_LATER_MS = 500, QUICK_MS = 5000 };

enum verdict { VERDICT_SETTLED, VERDICT_NOT_YET, VERDICT_FAILED };

static bool
ctl_wait_is_meant(const json_t *slot, const struct target *targets, size_t count)
{
	const char *role = ctl_text(slot, "role", "");
	int index = (int)ctl_number(slot, "slot", -1);

	for (size_t i = 0; i < count; i++)
		if (targets[i].all || (strcmp(role_table[targets[i].role].name, role) == 0 &&
				       (targets[i].index < 0 || targets[i].index == index)))
			return true;
	return false;
}

static enum verdict
ctl_wait_judge_slot(const json_t *slot)
{
	const char *state = ctl_text(slot, "state", "");

	if (!json_is_true(json_object_get(slot, "wanted")))
		return strcmp(state, "STOPPED") == 0 ? VERDICT_SETTLED : VERDICT_NOT_YET;
	if (strcmp(state, "FATAL") == 0)
		return VERDICT_FAILED;
	if (json_is_true(json_object_get(slot, "ready")) &&
	    json_is_true(json_object_get(slot, "paused")) ==
		    json_is_true(json_object_get(slot, "pause_wanted")) &&
	    !json_is_true(json_object_get(slot, "restart_pending")))
		return VERDICT_SETTLED;
	return VERDICT_NOT_YET;
}

/* The first child that is not as wanted decides; it is put into culprit (borrowed). */
static enum verdict
ctl_wait_judge(const json_t *status, const struct target *targets, size_t count,
	       const json_t **culprit)
{
	enum verdict worst = VERDICT_SETTLED;
	size_t i;
	const json_t *slot;

	json_array_foreach(json_object_get(status, "slots"), i, slot)
	{
		enum verdict verdict;

		if (!ctl_wait_is_meant(slot, targets, count))
			continue;
		verdict = ctl_wait_judge_slot(slot);
		if (verdict > worst) {
			worst = verdict;
			*culprit = slot;
		}
	}
	return worst;
}

/* "lake/0 is RUNNING, but not ready: mysql 2006 ...", in new memory. */
static char *
ctl_wait_describe(const json_t *slot)
{
	char *name = ctl_visible(ctl_text(slot, "name", "?"));
	char *error = ctl_visible(ctl_text(slot, "last_error", "")), *text;
	const char *state = ctl_text(slot, "state", "?"), *but = "";

	if (json_is_true(json_object_get(slot, "restart_pending")))
		but = ", its restart is not done";
	else if (strcmp(state, "RUNNING") == 0)
		but = json_is_true(json_object_get(slot, "ready"))
			      ? ", and still has something in hand"
			      : ", but not ready";
	text = xasprintf("%s is %s%s%s%s", name, state, but, error[0] != '\0' ? ": " : "", error);
	free(name);
	free(error);
	return text;
}

/*
 * Ask for the status again and again until every child that the targets name is as it is wanted:
 * ready, or gone. Returns CTL_OK; CTL_FAILED when a child turned out FATAL, EX_TEMPFAIL when the
 * time was up, or why sluiced could not be asked: then *why is new memory, without a line end.
 */
static int
wait_settled(struct ctl *ctl, const struct target *targets, size_t count, int64_t timeout_ms,
	     double *seconds, char **why)
{
	int64_t start_ms = clock_mono_ms(), waited_ms;

	for (;;) {
		const json_t *culprit = NULL;
		enum verdict verdict;
		json_t *status;
		int exit_code;

		ctl->quiet = true; /* the line that is begun says it */
		status = ctl_ask(ctl, "status", NULL, &exit_code);
		waited_ms = clock_mono_ms() - start_ms;
		*seconds = (double)waited_ms / 1000;
		if (status == NULL) {
			*why = xstrdup("sluiced does not answer any more");
			return exit_code;
		}
		verdict = ctl_wait_judge(status, targets, count, &culprit);
		if (verdict == VERDICT_FAILED || waited_ms >= timeout_ms)
			*why = culprit != NULL ? ctl_wait_describe(culprit) : NULL;
		json_decref(status);
		if (verdict == VERDICT_SETTLED)
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
say_undone(int exit_code, const char *why, const char *done, double seconds, bool as_json)
{
	char lasted[32], *stands, *text;

	human_duration((int64_t)(seconds * 1000), lasted, sizeof(lasted));
	stands = exit_code == EX_TEMPFAIL
			 ? xasprintf("; the order stands: %s when that is over", done)
			 : xstrdup("");
	text = xasprintf("not %s after %s: %s%s", done, lasted, why != NULL ? why : "?", stands);
	if (!as_json && isatty(STDOUT_FILENO)) {
		printf("%s\n", text);
	} else {
		if (!as_json)
			printf("not %s\n", done);
		fflush(stdout);
		log_error("%s", text);
	}
	free(text);
	free(stands);
}

int
ctl_finish_change(struct ctl *ctl, const struct ctl_change *change, json_t *data,
		  const struct target *targets, size_t count, const char *done)
{
	char *why = NULL;
	double seconds = 0;
	int exit_code = CTL_OK;

	if (!change->json) {
		printf("%s", change->wait ? " ... " : change->dry_run ? " (not done)\n" : "\n");
		fflush(stdout);
	}
	if (change->wait)
		exit_code = wait_settled(ctl, targets, count, change->timeout_ms, &seconds, &why);
	if (exit_code != 0)
		say_undone(exit_code, why, done, seconds, change->json);
	if (change->json) {
		json_object_set_new(data, "settled", json_boolean(change->wait && exit_code == 0));
		json_object_set_new(data, "waited_s", json_real(seconds));
		ctl_print_json(data);
	} else if (change->wait && exit_code == 0) {
		printf("%s in %.1f s\n", done, seconds);
	}
	free(why);
	json_decref(data);
	return exit_code;
}
