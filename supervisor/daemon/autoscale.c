/* SPDX-License-Identifier: MIT */
/*
 * autoscale.c - how many workers a queue needs.
 */
#include "supervisor/daemon/autoscale.h"
#include "common/base/defs.h"

#include <stdio.h>

/* A worker is to have this much to spare before one of its fellows is let go. */
static const double DOWN_LOAD = 0.7;
/* A step up counts as useful when it brought at least this much more. */
static const double USEFUL_GAIN = 1.1;
/* What one worker can take is learnt slowly: a checkpoint of the database must not count. */
static const double LEARN = 0.3;
/* Seconds of work that have to wait before workers count as busy all the time. */
static const double BUSY_S = 2;
/* A queue that grows is acted upon when so many seconds of work wait, long before the target. */
static const double GROWING_S = 5;

static unsigned
clamp(unsigned count, const struct autoscale_limits *limits)
{
	return MAX(limits->min, MIN(count, limits->max));
}

static unsigned
change(struct autoscale *state, unsigned to, int64_t now_ms)
{
	state->changed_ms = now_ms;
	state->low_since_ms = 0;
	return to;
}

/* Everybody is at work, and there is more to do: now one can see what a worker is able to take. */
static void
learn(struct autoscale *state, const struct autoscale_load *load)
{
	double each = load->taken_per_s / MAX(load->ready, 1u);

	if (each <= 0 || load->ready == 0 || (double)load->waiting < load->taken_per_s * BUSY_S)
		return;
	state->each_per_s =
		state->each_per_s > 0 ? (1 - LEARN) * state->each_per_s + LEARN * each : each;
}

/* How many it takes to keep up with what comes in and do what waits within the target. */
static double
needed(const struct autoscale *state, const struct autoscale_limits *limits,
       const struct autoscale_load *load)
{
	double coming = MAX(0.0, load->taken_per_s + load->growth_per_s);
	double each = state->each_per_s;

	if (each <= 0) /* never seen busy: one more if something waits, else fewer will do */
		return load->waiting > 0 ? load->wanted + 1.0 : 0;
	return (coming + (double)load->waiting / (double)MAX(limits->drain_s, (int64_t)1)) / each;
}

/* Did the last step up bring anything? If not, the bottleneck is elsewhere: more would not help. */
static void
judge_last_step(struct autoscale *state, const struct autoscale_load *load, int64_t now_ms)
{
	if (state->taken_before <= 0 || now_ms - state->changed_ms < AUTOSCALE_UP_REST_MS ||
	    load->waiting <= 0)
		return;
	if (load->taken_per_s < state->taken_before * USEFUL_GAIN)
		state->useless_until_ms = now_ms + AUTOSCALE_USELESS_MS;
	state->taken_before = 0;
}

/* What waits takes too long, or will soon. */
static bool
is_late(const struct autoscale_limits *limits, const struct autoscale_load *load)
{
	double waiting = (double)load->waiting, taken = load->taken_per_s;

	if (load->waiting <= 0)
		return false;
	return waiting > taken * (double)limits->drain_s ||
	       (waiting > taken * GROWING_S && load->growth_per_s > taken * 0.1);
}

static bool
may_go_up(const struct autoscale *state, const struct autoscale_load *load, int64_t now_ms)
{
	return load->ready >= load->wanted && now_ms >= state->useless_until_ms &&
	       (state->changed_ms == 0 || now_ms - state->changed_ms >= AUTOSCALE_UP_REST_MS);
}

static unsigned
go_up(struct autoscale *state, const struct autoscale_limits *limits,
      const struct autoscale_load *load, double need, int64_t now_ms, char *reason,
      size_t reason_size)
{
	double seconds = load->taken_per_s > 0 ? (double)load->waiting / load->taken_per_s : 0;
	unsigned to = clamp((unsigned)MIN(need + 0.999, 2.0 * load->wanted), limits);

	if (to <= load->wanted || !may_go_up(state, load, now_ms))
		return load->wanted;
	if (seconds > 0)
		snprintf(reason, reason_size,
			 "%lld messages wait, %.0f s at the present %.0f/s; the target is %lld s",
			 (long long)load->waiting, seconds, load->taken_per_s,
			 (long long)limits->drain_s);
	else
		snprintf(reason, reason_size, "%lld messages wait and none is taken",
			 (long long)load->waiting);
	state->taken_before = load->taken_per_s;
	return change(state, to, now_ms);
}

static unsigned
autoscale_go_down(struct autoscale *state, const struct autoscale_limits *limits,
		  const struct autoscale_load *load, double need, int64_t now_ms, char *reason,
		  size_t reason_size)
{
	bool enough = load->wanted > limits->min && load->ready >= load->wanted &&
		      (load->waiting == 0 || state->each_per_s > 0) && !is_late(limits, load) &&
		      need <= DOWN_LOAD * (load->wanted - 1.0);

	if (!enough) {
		state->low_since_ms = 0;
		return load->wanted;
	}
	if (state->low_since_ms == 0)
		state->low_since_ms = now_ms;
	if (now_ms - state->low_since_ms < AUTOSCALE_DOWN_AFTER_MS)
		return load->wanted;
	snprintf(reason, reason_size,
		 "%u would have done for %d s: %.0f/s come in, %lld messages wait",
		 load->wanted - 1, AUTOSCALE_DOWN_AFTER_MS / 1000,
		 MAX(0.0, load->taken_per_s + load->growth_per_s), (long long)load->waiting);
	state->taken_before = 0;
	return change(state, load->wanted - 1, now_ms);
}

unsigned
autoscale_decide(struct autoscale *state, const struct autoscale_limits *limits,
		 const struct autoscale_load *load, int64_t now_ms, char *reason,
		 size_t reason_size)
{
	double need;

	if (limits->max == 0)
		return load->wanted;
	if (clamp(load->wanted, limits) != load->wanted) {
		snprintf(reason, reason_size, "the limits are %u to %u", limits->min, limits->max);
		return change(state, clamp(load->wanted, limits), now_ms);
	}
	if (load->waiting < 0)
		return load->wanted; /* nobody knows: leave it */
	learn(state, load);
	judge_last_step(state, load, now_ms);
	need = needed(state, limits, load);
	if (is_late(limits, load) && need > load->wanted)
		return go_up(state, limits, load, need, now_ms, reason, reason_size);
	return autoscale_go_down(state, limits, load, need, now_ms, reason, reason_size);
}
