/* SPDX-License-Identifier: MIT */
/*
 * bench.h - what the measuring programs have in common: a log in memory, a clock, children that
 * start at the same moment.
 *
 * Each program measures one ceiling and prints one JSON object; tests/bench/run.py calls them.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "common/process/outcome.h"
#include "common/base/span.h"

/* Seconds of the monotonic clock. */
double bench_now_s(void);

/* CPU seconds of this process so far. */
double bench_cpu_s(void);

/*
 * The file's bytes, read now and not while the clock runs. Ends the program when it cannot be read.
 */
struct span bench_read_file(const char *path);

/* Its lines, without line ends: an array for the life of the program; *count gets how many. */
struct span *bench_split_lines(struct span text, size_t *count);

/* A number from the command line, at least 1; ends the program with EX_USAGE otherwise. */
size_t bench_number(const char *text, const char *what);

/* Anything but DONE ends the program with the failure's words and exit code. */
void bench_need(enum outcome outcome, const struct failure *failure);

/*
 * Run jobs at the same time, each in a process of its own: prepare() first, in all of them, then
 * run() in all of them at once. Returns the seconds from that moment to the end of the last; ends
 * the program when one of them fails.
 */
struct bench_job {
	void *(*prepare)(const void *context);
	void (*run)(void *prepared);
	const void *context;
};
double bench_side_by_side(const struct bench_job *jobs, size_t count);

#endif
