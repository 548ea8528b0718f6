/* SPDX-License-Identifier: MIT */
/*
 * congestion.h - how many messages may be on their way to a broker that may refuse some. Pure.
 *
 * As TCP does after a loss: a refusal stops the sending for a while, then one message may go out,
 * and each confirm allows for one more. A full queue that is tried with a whole window would give
 * the other queue the window again each time.
 */
#ifndef PRODUCER_CONGESTION_H
#define PRODUCER_CONGESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/backoff.h"

enum {
	CONGESTION_LASTING_MS = 3000, /* refused for so long: it is worth being shown */
	CONGESTION_RENEW_MS = 60000,  /* refused for so long: try a new connection */
};

struct congestion {
	size_t capacity; /* without a refusal so many messages may be in flight */
	size_t limit;	 /* so many may be now */
	struct backoff backoff;
	int64_t pause_until_ms;	  /* nothing is sent before */
	int64_t refused_since_ms; /* 0: not refused, as far as this connection knows */
	int64_t since_ms;	  /* the same over all connections; 0: messages flow */
};

/* retry_*_ms: the shortest and the longest pause after a refusal. */
void congestion_init(struct congestion *congestion, size_t capacity, int64_t retry_min_ms,
		     int64_t retry_max_ms);

void congestion_connected(struct congestion *congestion);
void congestion_disconnected(struct congestion *congestion);

/* A message was refused. */
void congestion_refused(struct congestion *congestion, int64_t now_ms);

/*
 * So many messages were confirmed, and so many of the same answer have to go out again. True when
 * the broker takes messages as they come.
 */
bool congestion_confirmed(struct congestion *congestion, size_t confirmed, size_t returned,
			  int64_t now_ms);

/* Send nothing before, though the broker has refused nothing. */
void congestion_pause(struct congestion *congestion, int64_t until_ms);

bool congestion_is_paused(const struct congestion *congestion, int64_t now_ms);

/* One more message may be sent while in_flight are on their way. */
bool congestion_allows(const struct congestion *congestion, size_t in_flight, int64_t now_ms);

/* Refused for so long that it is worth being shown: a queue at its limit refuses now and then. */
bool congestion_is_lasting(const struct congestion *congestion, int64_t now_ms);

/* This connection was refused for so long that a new one is worth a try. */
bool congestion_wants_renewal(const struct congestion *congestion, int64_t now_ms);

#endif
