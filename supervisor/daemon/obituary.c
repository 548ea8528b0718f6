/* SPDX-License-Identifier: MIT */
/*
 * obituary.c - what is said and recorded of a child that has ended.
 */
#include "supervisor/daemon/obituary.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "supervisor/shared/human.h"

#include <stdio.h>

static const char *const obituary_whys[] = {
	[CHILD_ENDING_NONE] = "",
	[CHILD_ENDING_DRAIN] = "while finishing its work",
	[CHILD_ENDING_HUNG] = "hung",
	[CHILD_ENDING_KILLED] = "killed before its work was finished",
};

static const char *
what_next(const struct slot *slot, int64_t now_ms, char *out, size_t out_size)
{
	switch (slot->child.state) {
	case CHILD_BACKOFF:
		snprintf(out, out_size, "restart in %.1f s",
			 (double)(slot->child.deadline_ms - now_ms) / 1000);
		break;
	case CHILD_FATAL:
		snprintf(out, out_size, "not restarted: mend the cause, then sluicectl start %s",
			 slot->name);
		break;
	case CHILD_STOPPED:
		snprintf(out, out_size, "not wanted any more");
		break;
	default:
		snprintf(out, out_size, "restarted at once");
		break;
	}
	return out;
}

void
obituary_write(const struct slot *slot, const struct child_event *event, const struct child *before,
	       int64_t now_ms, struct deaths *deaths, struct events *events)
{
	const char *why = obituary_whys[before->ending];
	char cause[96], lived[32], next[96], last_error[STATUS_TEXT_MAX];
	struct death *death;

	death_cause(event->exit_code, event->signal, cause, sizeof(cause));
	human_duration(now_ms - before->started_ms, lived, sizeof(lived));
	if (before->ending == CHILD_ENDING_DRAIN && event->signal == 0 && event->exit_code == 0) {
		log_info("%s (pid %ld) ended after %s, as asked", slot->name, (long)slot->pid,
			 lived);
		events_add(events, EVENT_ENDED, slot->name, "", "pid %ld, after %s, as asked",
			   (long)slot->pid, lived);
		return;
	}
	death = deaths_next(deaths, slot->role);
	death->wall_ms = clock_wall_ms();
	snprintf(death->name, sizeof(death->name), "%s", slot->name);
	death->pid = slot->pid;
	death->exit_code = event->exit_code;
	death->signal = event->signal;
	death->why = why;
	death->uptime_ms = now_ms - before->started_ms;
	status_in_hand_text(slot->page, death->in_hand, sizeof(death->in_hand));
	what_next(slot, now_ms, next, sizeof(next));
	events_add(events, slot->child.state == CHILD_FATAL ? EVENT_FATAL : EVENT_DEATH, slot->name,
		   "", "pid %ld%s%s: %s after %s, in hand: %.100s, %s", (long)slot->pid,
		   why[0] != '\0' ? ", " : "", why, cause, lived,
		   death->in_hand[0] != '\0' ? death->in_hand : "nothing", next);
	log_error("%s (pid %ld) died%s%s: %s after %s, in hand: %s, %s", slot->name,
		  (long)slot->pid, why[0] != '\0' ? ", " : "", why, cause, lived,
		  death->in_hand[0] != '\0' ? death->in_hand : "nothing", next);
	status_read_text(&slot->page->last_error, last_error, sizeof(last_error));
	if (last_error[0] == '\0' && !child_is_alive(&slot->child)) {
		snprintf(last_error, sizeof(last_error), "died%s%s: %s", why[0] != '\0' ? ", " : "",
			 why, cause);
		status_set_error(slot->page, last_error);
	}
}
