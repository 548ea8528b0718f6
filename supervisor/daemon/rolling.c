/* SPDX-License-Identifier: MIT */
/*
 * rolling.c - a rolling restart: whose turn it is.
 */
#include "supervisor/daemon/rolling.h"
#include "common/base/log.h"

#include <stddef.h>

static void
rolling_cancel(struct slot slots[SLOT_COUNT], const struct slot *failed)
{
	unsigned left = 0;

	for (unsigned i = 0; i < SLOT_COUNT; i++) {
		left += slots[i].roll == ROLL_WAITING ? 1 : 0;
		slots[i].roll = ROLL_NONE;
	}
	if (left > 0)
		log_error("%s cannot start again: %u %s not restarted after it; when the cause is "
			  "mended: sluicectl restart all",
			  failed->name, left, left == 1 ? "child was" : "children were");
}

struct slot *
rolling_next(struct slot slots[SLOT_COUNT])
{
	struct slot *next = NULL;

	for (unsigned i = 0; i < SLOT_COUNT; i++) {
		struct slot *slot = &slots[i];

		if (slot->roll == ROLL_WAITING && next == NULL)
			next = slot;
		if (slot->roll != ROLL_NOW)
			continue;
		if (slot->child.state == CHILD_FATAL) {
			rolling_cancel(slots, slot);
			return NULL;
		}
		if (slot->child.state != CHILD_RUNNING)
			return NULL;
		slot->roll = ROLL_NONE;
	}
	if (next != NULL)
		next->roll = ROLL_NOW;
	return next;
}
