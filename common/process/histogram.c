/* SPDX-License-Identifier: MIT */
/*
 * histogram.c - counting in fixed buckets.
 */
#include "common/process/histogram.h"

#include <assert.h>
#include <stddef.h>

static const struct {
	const char *name, *help;
	int64_t bounds_ms[HISTOGRAM_BOUNDS];
} histogram_table[HISTOGRAM_COUNT] = {
#define HISTOGRAM(identifier, text, meaning, ...) \
	[HISTOGRAM_##identifier] = {.name = (text), .help = (meaning), .bounds_ms = {__VA_ARGS__}},
#include "common/process/histogram.def"
#undef HISTOGRAM
};

const int64_t *
histogram_bounds_ms(enum histogram_kind kind)
{
	assert((size_t)kind < HISTOGRAM_COUNT);
	return histogram_table[kind].bounds_ms;
}

const char *
histogram_name(enum histogram_kind kind)
{
	assert((size_t)kind < HISTOGRAM_COUNT);
	return histogram_table[kind].name;
}

const char *
histogram_help(enum histogram_kind kind)
{
	assert((size_t)kind < HISTOGRAM_COUNT);
	return histogram_table[kind].help;
}

void
histogram_add(struct histogram *histogram, enum histogram_kind kind, int64_t ms)
{
	const int64_t *bounds_ms = histogram_bounds_ms(kind);
	unsigned bucket = 0;

	ms = ms < 0 ? 0 : ms;
	while (bucket < HISTOGRAM_BOUNDS && ms > bounds_ms[bucket])
		bucket++;
	atomic_fetch_add_explicit(&histogram->counts[bucket], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&histogram->sum_ms, (uint64_t)ms, memory_order_relaxed);
}

void
histogram_collect(const struct histogram *histogram, struct histogram_sum *sum)
{
	for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++)
		sum->counts[i] += atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
	sum->sum_ms += atomic_load_explicit(&histogram->sum_ms, memory_order_relaxed);
}

uint64_t
histogram_total(const struct histogram_sum *sum)
{
	uint64_t total = 0;

	for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++)
		total += sum->counts[i];
	return total;
}
