/* SPDX-License-Identifier: MIT */
/*
 * pool.h - all children: how many are wanted, which there are, and what has to be done about the
 * difference.
 *
 * The pool drives each slot's state machine (child.h) from status pages, deaths and the clock. What
 * touches the system is behind struct pool_ops, so that tests run the pool without processes.
 *
 * A child runs when its slot is below the wanted count of its role and is not held. "Held" is what
 * `sluicectl stop` does; a later start, restart or scale of the role lifts it.
 */
#ifndef SUPERVISOR_DAEMON_POOL_H
#define SUPERVISOR_DAEMON_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/settings/settings.h"
#include "common/process/status.h"
#include "supervisor/daemon/autoscale.h"
#include "supervisor/daemon/child.h"
#include "supervisor/daemon/deaths.h"
#include "supervisor/daemon/events.h"
#include "supervisor/daemon/rate.h"
#include "supervisor/shared/roles.h"
#include "supervisor/daemon/trouble.h"

/* A slot's place in a rolling restart. */
enum roll { ROLL_NONE, ROLL_WAITING, ROLL_NOW };

struct slot {
	enum role_id role;
	unsigned index;	 /* within its role */
	unsigned number; /* among all slots, and of its status page */
	char name[SLOT_NAME_MAX];
	struct status_page *page;
	struct child child;
	pid_t pid; /* 0 = none */
	bool held;
	enum roll roll;
	unsigned starts;
	struct rate rate;
	struct trouble trouble; /* of its last error, as the events tell it */
};

enum spawn_result { SPAWN_OK, SPAWN_LATER, SPAWN_NEVER };

struct pool_ops {
	/* Start the program of the slot. On failure it has logged why. */
	enum spawn_result (*spawn)(void *context, const struct slot *slot, pid_t *pid);
	/* The process of a starting child has ended: had its program run? NULL = always. */
	enum spawn_result (*exec_result)(void *context, const struct slot *slot);
	void (*send_signal)(void *context, pid_t pid, int signal_number);
	void *context;
};

/* What is seen and decided of a role as a whole. */
struct role_load {
	bool paused; /* its children are to take no more work */
	struct rate work, messages, depth;
	struct autoscale_limits limits;
	struct autoscale autoscale;
};

/* The queue of a role, as its workers see it. */
struct role_queue {
	bool known; /* some worker has looked within the last seconds */
	int64_t ready, consumers, dead;
	int64_t in_hand;  /* of all workers here together, taken and not acknowledged */
	int64_t oldest_s; /* age of what was taken last; -1 = unknown */
};

struct pool {
	struct pool_ops ops;
	struct child_policy policy;
	int64_t hang_ms;
	unsigned wanted[ROLE_COUNT];
	bool draining; /* sluiced is ending: nothing is started any more */
	int64_t last_look_ms;
	int64_t awake_since_ms; /* sluiced itself did not run just before this */
	struct slot slots[SLOT_COUNT];
	struct role_load loads[ROLE_COUNT];
	struct deaths deaths;
	struct suspects suspects[ROLE_COUNT]; /* what workers died with; handed to their mates */
	struct events events;
	char actor[48]; /* on whose word things are done now; "" = by itself */
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

/* The same, but what people hold stays held: how autoscale changes a count. */
void pool_want(struct pool *pool, enum role_id role, unsigned count);

/*
 * What an operator asks of some children. A role with a wanted count of 0, or a child beyond the
 * count, is an error: -1 with the reason in error. Restart is rolling: one child at a time, the
 * next when the one before is ready; it ends early when one turns out FATAL.
 */
int pool_start(struct pool *pool, const struct target *target, char *error,
	       size_t error_size) MUST_CHECK;
int pool_stop(struct pool *pool, const struct target *target, char *error,
	      size_t error_size) MUST_CHECK;
int pool_restart(struct pool *pool, const struct target *target, char *error,
		 size_t error_size) MUST_CHECK;

/* Let the children of these roles take no more work, or go on; what is in hand is finished. */
void pool_pause(struct pool *pool, unsigned role_bits, bool paused);

struct role_queue pool_queue(const struct pool *pool, enum role_id role, int64_t now_ms);

/* After a reload: roll over the children of these roles (bits) that are not held; try FATAL ones
 * again. */
void pool_renew(struct pool *pool, unsigned role_bits);

/* A process has ended; wait_status is that of waitpid(2). One that is not ours is ignored. */
void pool_reap(struct pool *pool, pid_t pid, int wait_status);

/* Look at all pages and deadlines and do what is due. */
void pool_look(struct pool *pool, int64_t now_ms);

/* How long pool_look() may wait at most. */
int64_t pool_timeout_ms(const struct pool *pool, int64_t now_ms);

/* End all children, with or without what they have in hand. Nothing is started afterwards. */
void pool_drain(struct pool *pool);
void pool_kill(struct pool *pool);

/* No process is left. */
bool pool_is_empty(const struct pool *pool);

/* The slot is to have a child now. */
bool slot_is_wanted(const struct pool *pool, const struct slot *slot);

/* RUNNING and its last report is "ready": an outage makes this false and leaves the state. */
bool slot_is_ready(const struct slot *slot);

/* It is RUNNING and has nothing in hand, because its role is paused. */
bool slot_is_paused(const struct slot *slot);

static inline struct slot *
pool_slot(struct pool *pool, enum role_id role, unsigned index)
{
	return &pool->slots[role_table[role].first_slot + index];
}

#endif
