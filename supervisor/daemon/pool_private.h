/* SPDX-License-Identifier: MIT */
/*
 * pool_private.h - what pool.c, which drives the children, and pool_operate.c share.
 */
#ifndef SUPERVISOR_DAEMON_POOL_PRIVATE_H
#define SUPERVISOR_DAEMON_POOL_PRIVATE_H

#include "supervisor/daemon/pool.h"

/* Feed an event to a child and carry out what follows. */
void pool_tell(struct pool *pool, struct slot *slot, enum child_event_kind kind);

/* Bring one slot to what is wanted of it. */
void pool_settle(struct pool *pool, struct slot *slot);

/* Send a signal to the slot's process, if there is one. */
void pool_signal(struct pool *pool, struct slot *slot, int signal_number);

/* Take the next step of a rolling restart, when it is due. */
void pool_look_at_roll(struct pool *pool);

#endif
