/* SPDX-License-Identifier: MIT */
/*
 * pool.h - all children: how many are wanted, which there are, and what has to be done about the
 * difference.
 *
 * The pool drives each slot's state machine (child.h) from status pages, deaths and the clock. What
 * touches the system is behind struct pool_ops, so that tests run the pool without processes.
 *
 * A child runs when its slot is below the wanted count of its role and is not held. "Held" is what
 * `sluicectl stop` does; a later start, restart or scale of the role lifts it. What operators ask of
 * children is operate.h; the rolling restart is rolling.h.
 */
#ifndef SUPERVISOR_DAEMON_POOL_H
#define SUPERVISOR_DAEMON_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/settings/settings.h"
#include "common/process/suspects.h"
#include "supervisor/daemon/child.h"
#include "supervisor/daemon/deaths.h"
#include "supervisor/daemon/events.h"
#include "supervisor/daemon/load.h"
#include "supervisor/daemon/slot.h"
#include "supervisor/shared/roles.h"

enum spawn_result { SPAWN_OK, SPAWN_LATER, SPAWN_NEVER };

struct pool_ops {
	/* Start the program of the slot. On failure it has logged why. */
	enum spawn_result (*spawn)(void *context, const struct slot *slot, pid_t *pid);
	/* The process of a starting child has ended: had its program run? NULL = always. */
	enum spawn_result (*exec_result)(void *context, const struct slot *slot);
	void (*send_signal)(void *context, pid_t pid, int signal_number);
	void *context;
};

struct pool {
	struct pool_ops ops;
	struct child_policy policy;
	int64_t hang_ms;
	unsigned wanted[ROLE_COUNT];
	bool draining; /* sluiced is ending: nothing is started any more */
	int64_t last_tick_ms;
	int64_t awake_since_ms; /* sluiced itself did not run just before this */
	struct slot slots[SLOT_COUNT];
	struct load loads[ROLE_COUNT];
	struct deaths deaths;
	struct suspects
		suspects[ROLE_COUNT]; /* what workers died with; handed to all of their role */
	struct events events;
	char actor[64]; /* on whose word things are done now; "" = by itself */
};

/*
 * pages points at SLOT_COUNT status pages of STATUS_PAGE_SIZE bytes, which must outlive the pool.
 */
void pool_init(struct pool *pool, const struct pool_ops *ops, void *pages);

/* Take times and limits from the settings, not the counts. */
void pool_set_policy(struct pool *pool, const struct settings *settings);

/*
 * Want this many children of a role from now on, none of them held. Only the difference is touched:
 * the missing ones are started, of the superfluous ones the highest slots are drained.
 */
void pool_scale(struct pool *pool, enum role_id role, unsigned count);

/* A process has ended; wait_status is that of waitpid(2). One that is not ours is ignored. */
void pool_reap(struct pool *pool, pid_t pid, int wait_status);

/* Look at all pages and deadlines and do what is due. */
void pool_tick(struct pool *pool, int64_t now_ms);

/* How long the next pool_tick() may wait at most. */
int64_t pool_timeout_ms(const struct pool *pool, int64_t now_ms);

/* End all children, with or without what they have in hand. Nothing is started afterwards. */
void pool_drain(struct pool *pool);
void pool_kill(struct pool *pool);

/* No process is left. */
bool pool_is_empty(const struct pool *pool);

/* The slot is to have a child now. */
bool pool_wants(const struct pool *pool, const struct slot *slot);

/* Some child of the role is stopped by hand. */
bool pool_is_held(const struct pool *pool, enum role_id role);

/* For operate.c: feed an event to a child and carry out what follows. */
void pool_step(struct pool *pool, struct slot *slot, enum child_event_kind kind);

/* For operate.c: start or end the slot's child when pool_wants() differs from what it is told. */
void pool_reconcile(struct pool *pool, struct slot *slot);

/* For operate.c: send a signal to the slot's process, if there is one. */
void pool_signal(struct pool *pool, struct slot *slot, int signal_number);

static inline struct slot *
pool_slot(struct pool *pool, enum role_id role, unsigned index)
{
	return &pool->slots[role_table[role].first_slot + index];
}

#endif
