/* SPDX-License-Identifier: MIT */
/*
 * pool_operate.c - what people ask of children: start, stop, restart one after the other, pause.
 */
#include "common/base/log.h"
#include "supervisor/daemon/pool.h"
#include "supervisor/daemon/pool_private.h"

#include <signal.h>
#include <stdio.h>

/* --- what operators ask --- */

static bool
pool_operate_is_meant(const struct pool *pool, const struct slot *slot, const struct target *target)
{
	if (slot->index >= pool->wanted[slot->role])
		return false;
	if (target->all)
		return true;
	return slot->role == target->role &&
	       (target->index < 0 || (unsigned)target->index == slot->index);
}

static int
check_target(const struct pool *pool, const struct target *target, char *error, size_t error_size)
{
	const char *name = role_table[target->role].name;
	unsigned wanted = pool->wanted[target->role];

	if (pool->draining) {
		snprintf(error, error_size, "sluiced is ending");
		return -1;
	}
	if (target->all)
		return 0;
	if (wanted == 0) {
		snprintf(error, error_size, "no %s is wanted: sluicectl scale %s=1", name, name);
		return -1;
	}
	if (target->index >= 0 && (unsigned)target->index >= wanted) {
		snprintf(error, error_size,
			 "%s/%d is beyond the wanted count of %u: sluicectl scale %s=%d", name,
			 target->index, wanted, name, target->index + 1);
		return -1;
	}
	return 0;
}

static void
start_slot(struct pool *pool, struct slot *slot)
{
	slot->held = false;
	pool_tell(pool, slot, CHILD_START);
}

static void
stop_slot(struct pool *pool, struct slot *slot)
{
	slot->held = true;
	pool_settle(pool, slot);
}

static void
restart_slot(struct pool *pool UNUSED, struct slot *slot)
{
	slot->held = false;
	slot->roll = ROLL_WAITING;
}

static int
each_meant(struct pool *pool, const struct target *target,
	   void (*operate)(struct pool *pool, struct slot *slot), char *error, size_t error_size)
{
	if (check_target(pool, target, error, error_size) != 0)
		return -1;
	for (unsigned i = 0; i < SLOT_COUNT; i++)
		if (pool_operate_is_meant(pool, &pool->slots[i], target))
			operate(pool, &pool->slots[i]);
	return 0;
}

int
pool_start(struct pool *pool, const struct target *target, char *error, size_t error_size)
{
	return each_meant(pool, target, start_slot, error, error_size);
}

int
pool_stop(struct pool *pool, const struct target *target, char *error, size_t error_size)
{
	return each_meant(pool, target, stop_slot, error, error_size);
}

int
pool_restart(struct pool *pool, const struct target *target, char *error, size_t error_size)
{
	return each_meant(pool, target, restart_slot, error, error_size);
}

void
pool_renew(struct pool *pool, unsigned role_bits)
{
	for (unsigned i = 0; i < SLOT_COUNT; i++) {
		struct slot *slot = &pool->slots[i];

		if (!slot_is_wanted(pool, slot))
			continue;
		if (role_bits & 1u << slot->role)
			slot->roll = ROLL_WAITING;
		else if (slot->child.state == CHILD_FATAL)
			pool_tell(pool, slot, CHILD_START);
	}
}

/* --- a rolling restart: at most one slot is ROLL_NOW --- */

static void
cancel_roll(struct pool *pool, const struct slot *failed)
{
	unsigned left = 0;

	for (unsigned i = 0; i < SLOT_COUNT; i++) {
		left += pool->slots[i].roll == ROLL_WAITING ? 1 : 0;
		pool->slots[i].roll = ROLL_NONE;
	}
	if (left > 0)
		log_error("%s cannot start again: %u %s not restarted after it; when the cause is "
			  "mended: sluicectl restart all",
			  failed->name, left, left == 1 ? "child was" : "children were");
}

void
pool_look_at_roll(struct pool *pool)
{
	struct slot *next = NULL;

	for (unsigned i = 0; i < SLOT_COUNT; i++) {
		struct slot *slot = &pool->slots[i];

		if (slot->roll == ROLL_WAITING && next == NULL)
			next = slot;
		if (slot->roll != ROLL_NOW)
			continue;
		if (slot->child.state == CHILD_FATAL) {
			cancel_roll(pool, slot);
			return;
		}
		if (slot->child.state != CHILD_RUNNING)
			return;
		slot->roll = ROLL_NONE;
	}
	if (next == NULL)
		return;
	next->roll = ROLL_NOW;
	pool_tell(pool, next, CHILD_RESTART);
}

void
pool_pause(struct pool *pool, unsigned role_bits, bool paused)
{
	for (unsigned i = 0; i < SLOT_COUNT; i++) {
		struct slot *slot = &pool->slots[i];

		if (!(role_bits & 1u << slot->role))
			continue;
		pool->loads[slot->role].paused = paused;
		if (slot->pid == 0)
			continue;
		atomic_store(&slot->page->pause_wanted, paused);
		/* Only to wake it up. Before it is ready it may not expect the signal yet. */
		if (slot->child.state == CHILD_RUNNING)
			pool_signal(pool, slot, SIGHUP);
	}
}
