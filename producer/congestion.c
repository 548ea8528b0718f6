/* SPDX-License-Identifier: MIT */
/*
 * congestion.c - how many messages may be on their way.
 */
#include "producer/congestion.h"
#include "common/base/defs.h"

void
congestion_init(struct congestion *congestion, size_t capacity, int64_t retry_min_ms,
		int64_t retry_max_ms)
{
	*congestion = (struct congestion){
		.capacity = capacity,
		.limit = capacity,
		.backoff = {.min_ms = retry_min_ms, .max_ms = retry_max_ms},
	};
}

void
congestion_connected(struct congestion *congestion)
{
	congestion->limit = congestion->refused_since_ms != 0 ? 1 : congestion->capacity;
	congestion->refused_since_ms = 0;
}

void
congestion_disconnected(struct congestion *congestion)
{
	congestion->pause_until_ms = 0;
}

void
congestion_refused(struct congestion *congestion, int64_t now_ms)
{
	if (congestion_is_paused(congestion, now_ms))
		return; /* one burst of refusals is one refusal */
	if (congestion->refused_since_ms == 0)
		congestion->refused_since_ms = now_ms;
	if (congestion->since_ms == 0)
		congestion->since_ms = now_ms;
	congestion->pause_until_ms = now_ms + backoff_next_ms(&congestion->backoff);
	congestion->limit = 1;
}

bool
congestion_confirmed(struct congestion *congestion, size_t confirmed, size_t returned,
		     int64_t now_ms)
{
	congestion->limit = MIN(congestion->capacity, congestion->limit + confirmed);
	if (confirmed == 0 || returned > 0 || congestion_is_paused(congestion, now_ms))
		return false;
	backoff_reset(&congestion->backoff);
	congestion->refused_since_ms = 0;
	congestion->since_ms = 0;
	return true;
}

void
congestion_pause(struct congestion *congestion, int64_t until_ms)
{
	congestion->pause_until_ms = until_ms;
}

bool
congestion_is_paused(const struct congestion *congestion, int64_t now_ms)
{
	return now_ms < congestion->pause_until_ms;
}

bool
congestion_allows(const struct congestion *congestion, size_t in_flight, int64_t now_ms)
{
	return !congestion_is_paused(congestion, now_ms) && in_flight < congestion->limit;
}

bool
congestion_is_lasting(const struct congestion *congestion, int64_t now_ms)
{
	return congestion->since_ms != 0 && now_ms - congestion->since_ms >= CONGESTION_LASTING_MS;
}

bool
congestion_wants_renewal(const struct congestion *congestion, int64_t now_ms)
{
	return congestion->refused_since_ms != 0 &&
	       now_ms - congestion->refused_since_ms >= CONGESTION_RENEW_MS;
}
