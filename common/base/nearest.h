/* SPDX-License-Identifier: MIT */
/*
 * nearest.h - "did you mean": the known word that is nearest to a mistyped one.
 */
#ifndef COMMON_BASE_NEAREST_H
#define COMMON_BASE_NEAREST_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Edits (insert, delete, change, swap of neighbours) from a to b; words over 63 bytes count as far.
 */
unsigned nearest_distance(const char *a, const char *b);

/*
 * Keeps the best candidate seen so far. Start with {.word = the mistyped word}; after all calls of
 * nearest_consider(), best is NULL when nothing is near enough to be a likely typing error. It
 * returns true when the candidate is the best so far; best points to it, so a caller that reuses
 * its buffer for candidates copies it then.
 */
struct nearest {
	const char *word;
	const char *best;
	unsigned distance;
};
bool nearest_consider(struct nearest *nearest, const char *candidate);

#endif
