/* SPDX-License-Identifier: MIT */
/*
 * load.h - what a role has to do: its rates, its queue, and how many children that would take.
 *
 * sluiced talks to no network: the depth of a queue comes from the workers that empty it.
 */
#ifndef SUPERVISOR_DAEMON_LOAD_H
#define SUPERVISOR_DAEMON_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/settings/settings.h"
#include "supervisor/daemon/autoscale.h"
#include "supervisor/daemon/rate.h"
#include "supervisor/daemon/rejects.h"
#include "supervisor/daemon/slot.h"

enum { LOAD_RATE_S = 10 }; /* queues are judged by rates over so many seconds */

/* What is seen and decided of a role. */
struct load {
	bool paused; /* its children are to take no more work */
	struct rate work, messages, depth;
	struct autoscale_limits limits;
	struct autoscale autoscale;
	struct rejects rejects;
};

/* The queue of a role, as its workers see it. */
struct load_queue {
	bool known; /* some worker has asked for its depth within the last seconds */
	int64_t ready, consumers, dead;
	int64_t in_hand;  /* of all workers here together, taken and not acknowledged */
	int64_t oldest_s; /* age of what was taken last; -1 = unknown */
};

/* How far the settings let the role be scaled by itself. */
void load_set_limits(struct load *load, enum role_id role, const struct settings *settings);

/* Take the samples of rates when they are due, which is once a second; returns whether they were. */
bool load_sample(struct load *load, const struct slot slots[SLOT_COUNT], enum role_id role,
		 int64_t now_ms);

/*
 * How many children autoscale wants, when wanted are wanted now and the samples are fresh. When it
 * is another number, reason says why.
 */
unsigned load_autoscale(struct load *load, const struct slot slots[SLOT_COUNT], enum role_id role,
			unsigned wanted, int64_t now_ms, char *reason, size_t reason_size);

struct load_queue load_queue(const struct slot slots[SLOT_COUNT], enum role_id role,
			     int64_t now_ms);

/* Sums over all slots of a role, also of children that are gone. */
uint64_t load_total(const struct slot slots[SLOT_COUNT], enum role_id role);
uint64_t load_counter(const struct slot slots[SLOT_COUNT], enum role_id role, enum counter counter);
uint64_t load_rejected(const struct slot slots[SLOT_COUNT], enum role_id role, enum reason reason);
struct rejects_totals load_rejects_totals(const struct slot slots[SLOT_COUNT], enum role_id role);
struct histogram_sum load_histogram(const struct slot slots[SLOT_COUNT], enum role_id role,
				    enum histogram_kind kind);

/* How many children of a role say that they are ready, have a process. */
unsigned load_ready(const struct slot slots[SLOT_COUNT], enum role_id role);
unsigned load_running(const struct slot slots[SLOT_COUNT], enum role_id role);

#endif
