/* SPDX-License-Identifier: MIT */
/*
 * nearest.c - edit distance for "did you mean".
 */
#include "common/base/nearest.h"
#include "common/base/defs.h"

#include <string.h>
#include <strings.h>

enum { WORD_MAX = 64 };

unsigned
nearest_distance(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b);
	unsigned rows[3][WORD_MAX] = {0}; /* the last three rows of the edit matrix */

	if (a_len >= WORD_MAX || b_len >= WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i - 1) % 3],
			 *above2 = rows[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned change = a[i - 1] == b[j - 1] ? 0 : 1;

			row[j] = MIN(MIN(above[j] + 1, row[j - 1] + 1), above[j - 1] + change);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = MIN(row[j], above2[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

bool
nearest_consider(struct nearest *nearest, const char *candidate)
{
	unsigned distance = nearest_distance(nearest->word, candidate);
	size_t len = strlen(nearest->word);

	/* the beginning of a name is meant as that name */
	if (len >= 4 && strncmp(candidate, nearest->word, len) == 0)
		distance = 1;
	/* Half of the word changed is another word, not a typing error. */
	if (distance > 1 + len / 3)
		return false;
	if (nearest->best != NULL && distance >= nearest->distance)
		return false;
	nearest->best = candidate;
	nearest->distance = distance;
	return true;
}
