/* SPDX-License-Identifier: MIT */
/*
 * alert.h - when a lasting problem is worth a message: once as it begins, then now and then, once
 * as it ends. Pure: it decides, the caller writes the message.
 *
 * An alert is raised as often as its problem is met, and cleared as often as all is found well. A
 * problem has a cause, any number; another cause is another message.
 */
#ifndef COMMON_BASE_ALERT_H
#define COMMON_BASE_ALERT_H

#include <stdbool.h>
#include <stdint.h>

struct alert_policy {
	int64_t repeat_ms;  /* the same cause is told again so long after it was told; 0 = never */
	int64_t change_ms;  /* another cause is told so long after the last one, not before */
	int64_t relapse_ms; /* the same cause is told again so long after its end, not before */
};

/* Once, then once a minute; another cause, and the same after its end, at once. */
extern const struct alert_policy alert_every_minute;

/* Once per cause. */
extern const struct alert_policy alert_once;

/* All 0: nothing was ever told. */
struct alert {
	uint64_t cause;	  /* that was told last */
	bool was_told;	  /* ever */
	bool is_active;	  /* told, and not cleared since */
	int64_t since_ms; /* when it became active */
	int64_t told_ms;  /* when it was told last */
	int64_t ended_ms; /* when it was cleared last */
};

/* The problem is there. True when it is to be told now. */
bool alert_raise(struct alert *alert, const struct alert_policy *policy, uint64_t cause,
		 int64_t now_ms);

/* All is well. True when the problem had been told, so that its end is worth a message too. */
bool alert_clear(struct alert *alert, int64_t now_ms);

/*
 * A text as a cause. Its digits do not count: waiting times, ports and positions change, the cause
 * does not.
 */
uint64_t alert_cause_of(const char *text);

#endif
