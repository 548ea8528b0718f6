/* SPDX-License-Identifier: MIT */
/*
 * rate.h - how fast a counter grew over the last seconds, from samples taken about once a second.
 */
#ifndef SUPERVISOR_RATE_H
#define SUPERVISOR_RATE_H

#include <stdint.h>

enum { RATE_SAMPLES = 6 }; /* five intervals */

struct rate {
	struct {
		int64_t at_ms;
		uint64_t total;
	} samples[RATE_SAMPLES];
	unsigned count; /* all so far */
};

/* Take a sample, unless the last one is younger than a second. */
void rate_sample(struct rate *rate, uint64_t total, int64_t now_ms);

/* Per second, from the oldest kept sample to the newest; 0 with fewer than two. */
double rate_per_s(const struct rate *rate);

#endif
