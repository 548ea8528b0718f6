/* SPDX-License-Identifier: MIT */
/*
 * rate.h - how fast a counter grew over the last seconds, from samples taken about once a second.
 */
#ifndef SUPERVISOR_DAEMON_RATE_H
#define SUPERVISOR_DAEMON_RATE_H

#include <stdbool.h>
#include <stdint.h>

enum { RATE_SAMPLES = 62, RATE_SHORT_S = 5 }; /* a minute and a little */

struct rate {
	struct {
		int64_t at_ms;
		uint64_t total;
	} samples[RATE_SAMPLES];
	unsigned count; /* all so far */
};

/* The last sample is about a second old, or there is none. */
bool rate_is_due(const struct rate *rate, int64_t now_ms);

/* Take a sample, unless the last one is younger than a second. */
void rate_sample(struct rate *rate, uint64_t total, int64_t now_ms);

/* Per second over the last so many seconds, or as many as there are; 0 with fewer than two samples,
 * and when the counter went down. */
double rate_per_s(const struct rate *rate, unsigned seconds);

/* The same for a figure that may also shrink. */
double rate_change_per_s(const struct rate *rate, unsigned seconds);

#endif
