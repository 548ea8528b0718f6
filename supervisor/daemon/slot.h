/* SPDX-License-Identifier: MIT */
/*
 * slot.h - the place of one child ("lake/0"): its state machine, its process, its status page.
 *
 * All slots are one array of SLOT_COUNT, which the pool owns: roles.h says which part of it is whose.
 */
#ifndef SUPERVISOR_DAEMON_SLOT_H
#define SUPERVISOR_DAEMON_SLOT_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/process/status.h"
#include "supervisor/daemon/child.h"
#include "supervisor/daemon/rate.h"
#include "supervisor/daemon/trouble.h"
#include "supervisor/shared/roles.h"

/* A slot's part in a rolling restart (rolling.h). */
enum roll { ROLL_NONE, ROLL_WAITING, ROLL_NOW };

struct slot {
	enum role_id role;
	unsigned index;	 /* within its role */
	unsigned number; /* among all slots, and of its status page */
	char name[SLOT_NAME_MAX];
	struct status_page *page;
	struct child child;
	pid_t pid; /* 0 = none */
	bool held; /* stopped by an operator */
	enum roll roll;
	unsigned
		starts; /* 0: its page is untouched, and costs no memory unless somebody reads it */
	struct rate rate;
	struct trouble trouble; /* of its last error, as the events tell it */
};

/* Fill all slots; pages points at SLOT_COUNT status pages of STATUS_PAGE_SIZE bytes. */
void slots_init(struct slot slots[SLOT_COUNT], void *pages);

/* RUNNING and its last report is "ready": an outage makes this false and leaves the state. */
bool slot_is_ready(const struct slot *slot);

/* It is RUNNING and has nothing in hand, because its role is paused. */
bool slot_is_paused(const struct slot *slot);

enum { SLOT_STORING_SAID_S = 5 }; /* a batch in flight for so long is said */

/* How long it has been storing the batch that it has in flight; -1 = none. */
int64_t slot_storing_ms(const struct slot *slot, int64_t now_ms);

/*
 * Its last error, or what is as good as one: "storing for 12 s: ..." of a batch that takes long while
 * nothing else is known to be wrong. "" when all is well. Returns when it was said (wall clock), 0 for
 * one that is true now.
 */
int64_t slot_read_error(const struct slot *slot, int64_t now_ms, char *out, size_t out_size);

/* The work that it has done so far (role_total()). */
uint64_t slot_total(const struct slot *slot);

#endif
