/* SPDX-License-Identifier: MIT */
/*
 * operate.c - what operators ask of children.
 */
#include "supervisor/daemon/operate.h"

#include <signal.h>
#include <stdio.h>

static bool
operate_is_meant(const struct pool *pool, const struct slot *slot, const struct target *target)
{
	if (slot->index >= pool->wanted[slot->role])
		return false;
	if (target->all)
		return true;
	return slot->role == target->role &&
	       (target->index < 0 || (unsigned)target->index == slot->index);
}

static int
operate_check(const struct pool *pool, const struct target *target, char *error, size_t error_size)
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

int
operate_start(struct pool *pool, const struct target *target, char *error, size_t error_size)
{
	if (operate_check(pool, target, error, error_size) != 0)
		return -1;
	for (unsigned i = 0; i < SLOT_COUNT; i++) {
		struct slot *slot = &pool->slots[i];

		if (!operate_is_meant(pool, slot, target))
			continue;
		slot->held = false;
		pool_step(pool, slot, CHILD_START);
	}
	return 0;
}

int
operate_stop(struct pool *pool, const struct target *target, char *error, size_t error_size)
{
	if (operate_check(pool, target, error, error_size) != 0)
		return -1;
	for (unsigned i = 0; i < SLOT_COUNT; i++) {
		struct slot *slot = &pool->slots[i];

		if (!operate_is_meant(pool, slot, target))
			continue;
		slot->held = true;
		pool_reconcile(pool, slot);
	}
	return 0;
}

int
operate_restart(struct pool *pool, const struct target *target, char *error, size_t error_size)
{
	if (operate_check(pool, target, error, error_size) != 0)
		return -1;
	for (unsigned i = 0; i < SLOT_COUNT; i++) {
		struct slot *slot = &pool->slots[i];

		if (!operate_is_meant(pool, slot, target))
			continue;
		slot->held = false;
		slot->roll = ROLL_WAITING; /* pool_tick() does the rest */
	}
	return 0;
}

void
operate_renew(struct pool *pool, unsigned role_bits)
{
	for (unsigned i = 0; i < SLOT_COUNT; i++) {
		struct slot *slot = &pool->slots[i];

		if (!pool_wants(pool, slot))
			continue;
		if (role_bits & 1u << slot->role)
			slot->roll = ROLL_WAITING;
		else if (slot->child.state == CHILD_FATAL)
			pool_step(pool, slot, CHILD_START);
	}
}

static void
operate_set_paused(struct pool *pool, struct slot *slot, bool paused)
{
	pool->loads[slot->role].paused = paused;
	if (slot->pid == 0)
		return;
	atomic_store(&slot->page->pause_wanted, paused);
	/* Only to wake it up. Before it is ready it may not expect the signal yet. */
	if (slot->child.state == CHILD_RUNNING)
		pool_signal(pool, slot, SIGHUP);
}

static int
operate_pause_or_resume(struct pool *pool, const struct target *target, bool paused, char *error,
			size_t error_size)
{
	if (pool->draining) {
		snprintf(error, error_size, "sluiced is ending");
		return -1;
	}
	if (!target->all && target->index >= 0) {
		snprintf(error, error_size, "a role is paused as a whole: sluicectl %s %s",
			 paused ? "pause" : "resume", role_table[target->role].name);
		return -1;
	}
	for (unsigned i = 0; i < SLOT_COUNT; i++)
		if (target->all || pool->slots[i].role == target->role)
			operate_set_paused(pool, &pool->slots[i], paused);
	return 0;
}

int
operate_pause(struct pool *pool, const struct target *target, char *error, size_t error_size)
{
	return operate_pause_or_resume(pool, target, true, error, error_size);
}

int
operate_resume(struct pool *pool, const struct target *target, char *error, size_t error_size)
{
	return operate_pause_or_resume(pool, target, false, error, error_size);
}
