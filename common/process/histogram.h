/* SPDX-License-Identifier: MIT */
/*
 * histogram.h - how long something took, counted in fixed buckets.
 *
 * A histogram lives in a status page: one process counts, sluiced reads. Buckets never change while
 * programs run, so histograms of several processes can be added up, and counts only grow.
 */
#ifndef COMMON_PROCESS_HISTOGRAM_H
#define COMMON_PROCESS_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

enum { HISTOGRAM_BOUNDS = 12 };

/* What is measured. */
enum histogram_kind {
#define HISTOGRAM(identifier, name, help, ...) HISTOGRAM_##identifier,
#include "common/process/histogram.def"
#undef HISTOGRAM
	HISTOGRAM_COUNT
};

struct histogram {
	/*
	 * counts[i]: at most bounds[i] and more than the bound before; the last one: more than all
	 */
	_Atomic uint64_t counts[HISTOGRAM_BOUNDS + 1];
	_Atomic uint64_t sum_ms;
};

/* The same as plain numbers, for adding up. */
struct histogram_sum {
	uint64_t counts[HISTOGRAM_BOUNDS + 1];
	uint64_t sum_ms;
};

/* HISTOGRAM_BOUNDS upper bounds in milliseconds, growing. */
const int64_t *histogram_bounds_ms(enum histogram_kind kind);
const char *histogram_name(enum histogram_kind kind); /* "batch_duration_seconds" */
const char *histogram_help(enum histogram_kind kind);

/* Count something that took so long; less than 0 counts as 0. */
void histogram_add(struct histogram *histogram, enum histogram_kind kind, int64_t ms);

/* Add what histogram has to sum. */
void histogram_collect(const struct histogram *histogram, struct histogram_sum *sum);

/* How many were counted. */
uint64_t histogram_total(const struct histogram_sum *sum);

#endif
