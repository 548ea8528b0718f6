/* SPDX-License-Identifier: MIT */
/*
 * load.h - what a role has to do: its rates, its queue, and whether autoscale wants another count.
 */
#ifndef SUPERVISOR_DAEMON_LOAD_H
#define SUPERVISOR_DAEMON_LOAD_H

#include "supervisor/daemon/pool.h"

enum { LOAD_RATE_S = 10 }; /* queues are judged by rates over so many seconds */

/* Take samples and let autoscale decide; called with every look at the pool. */
void load_look(struct pool *pool, enum role_id role, int64_t now_ms);

/* The sum of a counter over all slots of a role, also of children that are gone. */
uint64_t load_counter(const struct pool *pool, enum role_id role, enum counter counter);
uint64_t load_rejected(const struct pool *pool, enum role_id role, enum reason reason);
struct histogram_sum load_histogram(const struct pool *pool, enum role_id role,
				    enum histogram_kind kind);

#endif
