/* SPDX-License-Identifier: MIT */
/*
 * backoff.h - how long to wait before the next try: doubling, capped, with jitter.
 */
#ifndef COMMON_BASE_BACKOFF_H
#define COMMON_BASE_BACKOFF_H

#include <stdint.h>

struct backoff {
	int64_t min_ms;
	int64_t max_ms;
	int64_t next_ms; /* the undisturbed delay of the next try; 0 = min_ms */
	unsigned tries;	 /* since the last reset */
};

/*
 * The delay before the next try in milliseconds: between half and all of min_ms * 2^tries, at most
 * max_ms. The jitter keeps a pool of workers from knocking all at once.
 */
int64_t backoff_next_ms(struct backoff *backoff);

/* It worked: the next failure starts at min_ms again. */
void backoff_reset(struct backoff *backoff);

#endif
