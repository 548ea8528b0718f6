/* SPDX-License-Identifier: MIT */
/*
 * progress.h - telling people how far the reading is: a bar on a terminal, else a log line now and
 * then.
 */
#ifndef PRODUCER_PROGRESS_H
#define PRODUCER_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	bool bar; /* on a terminal: one line, written over and over */
	int64_t start_ms, next_ms;
	int64_t last_ms;		   /* of the last rate */
	uint64_t first_lines, first_bytes; /* counters of a predecessor are not ours */
	uint64_t last_lines;
	double lines_per_s, bytes_per_s; /* smoothed */
	uint64_t last_bytes;
	bool shown;
};

/* What is to be told. */
struct progress_facts {
	uint64_t lines, bytes; /* confirmed, as counted */
	int64_t bytes_left;    /* read or not: what is there and not yet confirmed */
};

void progress_start(struct progress *progress, bool bar, const struct progress_facts *facts,
		    int64_t now_ms);

/* Call as often as you like; it writes when it is time to. */
void progress_turn(struct progress *progress, const struct progress_facts *facts, int64_t now_ms);

/* The last word: lines, bytes, time and rate of the whole run, as a log line. */
void progress_end(struct progress *progress, const struct progress_facts *facts, int64_t now_ms);

/* When progress_turn() has something to do again. */
int64_t progress_due_ms(const struct progress *progress);

/* The bar's text for facts relative to the start; pure, for tests. Returns out. */
const char *progress_format(const struct progress *progress, const struct progress_facts *facts,
			    char *out, size_t out_size);

#endif
