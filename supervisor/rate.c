/* SPDX-License-Identifier: MIT */
/*
 * rate.c - growth of a counter over the last seconds.
 */
#include "supervisor/rate.h"
#include "common/defs.h"

/* The supervisor's own wake-ups are a second apart; one that comes a little early still counts. */
enum { SAMPLE_INTERVAL_MS = 950 };

void
rate_sample(struct rate *rate, uint64_t total, int64_t now_ms)
{
	unsigned at = rate->count % RATE_SAMPLES;

	if (rate->count > 0) {
		unsigned last = (rate->count - 1) % RATE_SAMPLES;

		if (now_ms - rate->samples[last].at_ms < SAMPLE_INTERVAL_MS)
			return;
	}
	rate->samples[at].at_ms = now_ms;
	rate->samples[at].total = total;
	rate->count++;
}

double
rate_per_s(const struct rate *rate)
{
	unsigned kept = MIN(rate->count, (unsigned)RATE_SAMPLES);
	unsigned newest, oldest;
	uint64_t grown;
	int64_t ms;

	if (kept < 2)
		return 0;
	newest = (rate->count - 1) % RATE_SAMPLES;
	oldest = (rate->count - kept) % RATE_SAMPLES;
	ms = rate->samples[newest].at_ms - rate->samples[oldest].at_ms;
	/* The page is the child's to write: a counter may go down if it goes wild. */
	if (ms <= 0 || rate->samples[newest].total < rate->samples[oldest].total)
		return 0;
	grown = rate->samples[newest].total - rate->samples[oldest].total;
	return (double)grown * 1000 / (double)ms;
}
