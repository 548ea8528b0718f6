/* SPDX-License-Identifier: MIT */
/*
 * ctl_wait.c - wait until children are as they are wanted.
 *
 * sluiced never waits for anybody; who wants to know the end of a story asks again.
 */
#include "common/clock.h"
#include "common/log.h"
#include "supervisor/ctl.h"
#include "supervisor/human.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { ASK_AGAIN_MS = 50, ASK_AGAIN_LATER_MS = 500, QUICK_MS = 5000 };

enum verdict { VERDICT_SETTLED, VERDICT_NOT_YET, VERDICT_FAILED };

static bool
is_meant(const json_t *slot, const struct target *targets, size_t count)
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
judge_slot(const json_t *slot)
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
judge(const json_t *status, const struct target *targets, size_t count, const json_t **culprit)
{
	enum verdict worst = VERDICT_SETTLED;
	size_t i;
	const json_t *slot;

	json_array_foreach(json_object_get(status, "slots"), i, slot)
	{
		enum verdict verdict;

		if (!is_meant(slot, targets, count))
			continue;
		verdict = judge_slot(slot);
		if (verdict > worst) {
			worst = verdict;
			*culprit = slot;
		}
	}
	return worst;
}

static void
say_culprit(const json_t *slot, const char *what)
{
	char *name = ctl_visible(ctl_text(slot, "name", "?"));
	char *error = ctl_visible(ctl_text(slot, "last_error", ""));
	const char *state = ctl_text(slot, "state", "?"), *but = "";

	if (json_is_true(json_object_get(slot, "restart_pending")))
		but = ", its restart is not done";
	else if (strcmp(state, "RUNNING") == 0)
		but = json_is_true(json_object_get(slot, "ready"))
			      ? ", and still has something in hand"
			      : ", but not ready";
	log_error("%s%s is %s%s%s%s", what, name, state, but, error[0] != '\0' ? ": " : "", error);
	free(name);
	free(error);
}

int
ctl_wait_settled(struct ctl *ctl, const struct target *targets, size_t count, int64_t timeout_ms,
		 double *seconds)
{
	int64_t start_ms = clock_mono_ms();

	for (;;) {
		int exit_code;
		json_t *status = ctl_ask(ctl, "status", NULL, &exit_code);
		const json_t *culprit = NULL;
		enum verdict verdict;
		int64_t waited_ms = clock_mono_ms() - start_ms;
		char text[64], lived[32];

		if (status == NULL)
			return exit_code;
		verdict = judge(status, targets, count, &culprit);
		if (verdict == VERDICT_FAILED)
			say_culprit(culprit, "");
		if (verdict == VERDICT_NOT_YET && waited_ms >= timeout_ms) {
			snprintf(text, sizeof(text), "not done after %s: ",
				 human_duration(waited_ms, lived, sizeof(lived)));
			say_culprit(culprit, text);
		}
		json_decref(status);
		*seconds = (double)waited_ms / 1000;
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

int
ctl_finish_change(struct ctl *ctl, const struct ctl_change *change, json_t *data,
		  const struct target *targets, size_t count, const char *done)
{
	double seconds = 0;
	int exit_code = CTL_OK;

	if (!change->json) {
		printf("%s", change->wait ? " ... " : change->dry_run ? " (not done)\n" : "\n");
		fflush(stdout);
	}
	if (change->wait)
		exit_code = ctl_wait_settled(ctl, targets, count, change->timeout_ms, &seconds);
	if (change->json) {
		json_object_set_new(data, "settled", json_boolean(change->wait && exit_code == 0));
		json_object_set_new(data, "waited_s", json_real(seconds));
		ctl_print_json(data);
	} else if (change->wait && exit_code == 0) {
		printf("%s in %.1f s\n", done, seconds);
	} else if (change->wait) {
		printf("not %s\n", done);
	}
	json_decref(data);
	return exit_code;
}
