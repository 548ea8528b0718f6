/* SPDX-License-Identifier: MIT */
/*
 * rejects.c - the share of rejected lines over a sliding window.
 */
#include "supervisor/daemon/rejects.h"
#include "common/base/defs.h"

#include <assert.h>
#include <stddef.h>

enum { PER_MINUTE_MS = 60000 };

/* The oldest sample of the window; there is one. */
static unsigned
oldest_sample(const struct rejects *rejects, int64_t now_ms)
{
	unsigned kept = MIN(rejects->count, (unsigned)REJECTS_SAMPLES);
	unsigned at = (rejects->count - kept) % REJECTS_SAMPLES;

	for (unsigned i = 1; i < kept; i++) {
		unsigned next = (rejects->count - kept + i) % REJECTS_SAMPLES;

		if (rejects->samples[next].at_ms > now_ms - rejects->limits.window_ms)
			break;
		at = next;
	}
	return at;
}

/* The page is the child's to write: a counter may go down if it goes wild. */
static uint64_t
growth(uint64_t before, uint64_t after)
{
	return after > before ? after - before : 0;
}

struct rejects_view
rejects_view(const struct rejects *rejects, const struct rejects_totals *totals, int64_t now_ms)
{
	struct rejects_view view = {.reason = REASON_NONE};
	const struct rejects_totals *before;
	uint64_t most = 0;
	unsigned at;

	if (rejects->count == 0)
		return view;
	at = oldest_sample(rejects, now_ms);
	before = &rejects->samples[at].totals;
	view.lines = growth(before->lines, totals->lines);
	for (unsigned i = REASON_NONE + 1; i < REASON_COUNT; i++) {
		uint64_t rejected = growth(before->rejected[i], totals->rejected[i]);

		view.rejected += rejected;
		if (rejected > most) {
			most = rejected;
			view.reason = (enum reason)i;
		}
	}
	/* the counters of a child are not read at one time */
	view.lines = MAX(view.lines, view.rejected);
	if (view.lines > 0)
		view.percent = 100.0 * (double)view.rejected / (double)view.lines;
	view.per_minute = (double)view.rejected * PER_MINUTE_MS /
			  (double)MAX(now_ms - rejects->samples[at].at_ms, (int64_t)PER_MINUTE_MS);
	return view;
}

static bool
is_over(int64_t limit_percent, double percent)
{
	return limit_percent > 0 && percent >= (double)limit_percent;
}

static enum rejects_state
judge(const struct rejects *rejects, const struct rejects_view *view)
{
	const struct rejects_limits *limits = &rejects->limits;
	int64_t lower =
		limits->warning_percent > 0 ? limits->warning_percent : limits->critical_percent;

	if (limits->critical_percent > 0)
		lower = MIN(lower, limits->critical_percent);
	if (lower == 0 || view->rejected < REJECTS_MIN)
		return REJECTS_OK;
	if (is_over(limits->critical_percent, view->percent))
		return REJECTS_CRITICAL;
	if (is_over(limits->warning_percent, view->percent))
		return REJECTS_WARNING;
	return view->percent < (double)lower / 2 ? REJECTS_OK
						 : MIN(rejects->state, REJECTS_WARNING);
}

bool
rejects_sample(struct rejects *rejects, const struct rejects_totals *totals, int64_t now_ms)
{
	unsigned last = (rejects->count + REJECTS_SAMPLES - 1) % REJECTS_SAMPLES;
	int64_t step_ms = rejects->limits.window_ms / (REJECTS_SAMPLES - 1);
	enum rejects_state before = rejects->state;
	struct rejects_view view;

	if (rejects->count == 0 || now_ms - rejects->samples[last].at_ms >= step_ms) {
		unsigned at = rejects->count++ % REJECTS_SAMPLES;

		rejects->samples[at].at_ms = now_ms;
		rejects->samples[at].totals = *totals;
	}
	view = rejects_view(rejects, totals, now_ms);
	rejects->state = judge(rejects, &view);
	if (before == REJECTS_OK && rejects->state != REJECTS_OK)
		rejects->since_ms = now_ms;
	return rejects->state != before;
}

const char *
rejects_state_name(enum rejects_state state)
{
	static const char *const names[] = {
		[REJECTS_OK] = "ok",
		[REJECTS_WARNING] = "warning",
		[REJECTS_CRITICAL] = "critical",
	};

	assert((size_t)state < ARRAY_LEN(names));
	return names[state];
}
