/* SPDX-License-Identifier: MIT */
/*
 * rate.c - growth of a counter over the last seconds.
 */
#include "supervisor/daemon/rate.h"
#include "common/base/defs.h"

/* The supervisor's own wake-ups are a second apart; one that comes a little early still counts. */
enum { SAMPLE_INTERVAL_MS = 950 };

bool
rate_is_due(const struct rate *rate, int64_t now_ms)
{
	unsigned last = (rate->count - 1) % RATE_SAMPLES;

	return rate->count == 0 || now_ms - rate->samples[last].at_ms >= SAMPLE_INTERVAL_MS;
}

void
rate_sample(struct rate *rate, uint64_t total, int64_t now_ms)
{
	unsigned at = rate->count % RATE_SAMPLES;

	if (!rate_is_due(rate, now_ms))
		return;
	rate->samples[at].at_ms = now_ms;
	rate->samples[at].total = total;
	rate->count++;
}

double
rate_change_per_s(const struct rate *rate, unsigned seconds)
{
	unsigned count = MIN(rate->count, (unsigned)RATE_SAMPLES);
	unsigned newest, oldest, age;
	int64_t ms = 0;

	if (count < 2)
		return 0;
	newest = (rate->count - 1) % RATE_SAMPLES;
	oldest = newest;
	for (age = 1; age < count && ms < (int64_t)seconds * SAMPLE_INTERVAL_MS; age++) {
		oldest = (rate->count - 1 - age) % RATE_SAMPLES;
		ms = rate->samples[newest].at_ms - rate->samples[oldest].at_ms;
	}
	if (ms <= 0)
		return 0;
	return ((double)rate->samples[newest].total - (double)rate->samples[oldest].total) * 1000 /
	       (double)ms;
}

double
rate_per_s(const struct rate *rate, unsigned seconds)
{
	/* The page is the child's to write: a counter may go down if it goes wild. */
	return MAX(0.0, rate_change_per_s(rate, seconds));
}
