/* SPDX-License-Identifier: MIT */
/*
 * autoscale.h - how many workers a queue needs: a decision without side effects.
 *
 * Up fast: as soon as what waits would take longer than the target, by at most doubling, then a
 * short rest so that the newcomers show in the figures. Down slowly: one at a time, only after a
 * minute in which fewer would have done all along. Between the two lies a margin, so that a count
 * that was just reached is not left again for the opposite reason.
 */
#ifndef SUPERVISOR_DAEMON_AUTOSCALE_H
#define SUPERVISOR_DAEMON_AUTOSCALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	AUTOSCALE_UP_REST_MS = 15000,	 /* after a change, before the next one up */
	AUTOSCALE_DOWN_AFTER_MS = 60000, /* fewer would have done for so long */
	AUTOSCALE_USELESS_MS = 300000,	 /* more did not help: no further try for so long */
};

struct autoscale_limits {
	unsigned min, max; /* max 0 = switched off */
	int64_t drain_s;   /* what waits shall be done in so many seconds */
};

/* What is seen of a role now. */
struct autoscale_load {
	unsigned wanted, ready; /* workers */
	int64_t waiting;	/* messages in the queue; -1 = unknown */
	double taken_per_s;	/* messages that all workers together take */
	double growth_per_s;	/* of waiting; negative when it shrinks */
};

/* What is remembered; all 0 at the start. */
struct autoscale {
	int64_t changed_ms;   /* of the last decision; 0 = none */
	int64_t low_since_ms; /* fewer would do since then; 0 = they would not */
	double each_per_s;    /* what one worker takes when there is enough to do; 0 = unknown */
	double taken_before;  /* throughput when the last step up was made; 0 = was judged */
	int64_t useless_until_ms; /* a step up brought nothing: none before this */
};

/*
 * The count to want from now on; load->wanted when nothing changes. When it differs, reason says
 * why.
 */
unsigned autoscale_decide(struct autoscale *state, const struct autoscale_limits *limits,
			  const struct autoscale_load *load, int64_t now_ms, char *reason,
			  size_t reason_size);

#endif
