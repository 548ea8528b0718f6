/* SPDX-License-Identifier: MIT */
/*
 * rejects.h - which share of a stage's lines became dead letters lately, and since when that is too
 * much.
 *
 * A wrong format turns every line into a dead letter while all processes are well: only this share
 * shows it. The window slides over samples of totals that never go down. A few lines say nothing
 * of a share: less than REJECTS_MIN rejected lines in the window are never too many.
 */
#ifndef SUPERVISOR_DAEMON_REJECTS_H
#define SUPERVISOR_DAEMON_REJECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/message/reason.h"

enum { REJECTS_SAMPLES = 61, REJECTS_MIN = 10 };

enum rejects_state { REJECTS_OK, REJECTS_WARNING, REJECTS_CRITICAL };

struct rejects_limits {
	int64_t window_ms;
	int64_t warning_percent, critical_percent; /* 0 = never */
};

/* Totals of a stage. */
struct rejects_totals {
	uint64_t lines; /* stored, known or rejected */
	uint64_t rejected[REASON_COUNT];
};

struct rejects {
	struct rejects_limits limits;
	struct {
		int64_t at_ms;
		struct rejects_totals totals;
	} samples[REJECTS_SAMPLES];
	unsigned count;		  /* all so far */
	enum rejects_state state; /* as of the last rejects_sample() */
	int64_t since_ms;	  /* when it left REJECTS_OK */
};

/* What happened within the window. */
struct rejects_view {
	uint64_t lines, rejected;
	double percent;	    /* 0 without lines */
	double per_minute;  /* rejected lines */
	enum reason reason; /* of most of the rejected; REASON_NONE when there are none */
};

struct rejects_view rejects_view(const struct rejects *rejects, const struct rejects_totals *totals,
				 int64_t now_ms);

/*
 * Call about once a second with the totals of now. True when the state has changed. It goes up at
 * a limit, and back to OK when the share is below half of the lower limit.
 */
bool rejects_sample(struct rejects *rejects, const struct rejects_totals *totals, int64_t now_ms);

/* "ok", "warning", "critical" */
const char *rejects_state_name(enum rejects_state state);

#endif
