/* SPDX-License-Identifier: MIT */
/*
 * backoff.c - doubling delays with a cap and jitter.
 */
#include "common/base/backoff.h"
#include "common/base/defs.h"

#include <stdlib.h>
#include <sys/random.h>

static uint32_t
random_u32(void)
{
	uint32_t value = 0;

	/* Jitter may be poor when there is no entropy; it must not block or fail. */
	if (getrandom(&value, sizeof(value), GRND_NONBLOCK) != (ssize_t)sizeof(value))
		value = (uint32_t)random();
	return value;
}

int64_t
backoff_next_ms(struct backoff *backoff)
{
	int64_t delay = MAX(backoff->next_ms, backoff->min_ms);

	backoff->tries++;
	backoff->next_ms = MIN(delay * 2, backoff->max_ms);
	delay = MIN(delay, backoff->max_ms);
	return delay / 2 + (int64_t)random_u32() % (delay / 2 + 1);
}

void
backoff_reset(struct backoff *backoff)
{
	backoff->next_ms = 0;
	backoff->tries = 0;
}
