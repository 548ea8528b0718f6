/* SPDX-License-Identifier: MIT */
/*
 * slot.c - what a slot shows of its child.
 */
#include "supervisor/daemon/slot.h"

#include <stdio.h>

void
slots_init(struct slot slots[SLOT_COUNT], void *pages)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		for (unsigned i = 0; i < role_table[role].max; i++) {
			unsigned number = role_table[role].first_slot + i;
			struct slot *slot = &slots[number];

			*slot = (struct slot){
				.role = (enum role_id)role, .index = i, .number = number};
			snprintf(slot->name, sizeof(slot->name), "%s/%u", role_table[role].name, i);
			slot->page = (struct status_page *)((char *)pages +
							    (size_t)number * STATUS_PAGE_SIZE);
			child_init(&slot->child);
		}
	}
}

bool
slot_is_ready(const struct slot *slot)
{
	return slot->child.state == CHILD_RUNNING &&
	       atomic_load(&slot->page->report) == (uint32_t)REPORT_READY;
}

bool
slot_is_paused(const struct slot *slot)
{
	return slot->child.state == CHILD_RUNNING && atomic_load(&slot->page->paused) != 0;
}

uint64_t
slot_total(const struct slot *slot)
{
	return slot->starts > 0 ? role_total(slot->role, slot->page) : 0;
}
