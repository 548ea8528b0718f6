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

int64_t
slot_storing_ms(const struct slot *slot, int64_t now_ms)
{
	int64_t since_ms =
		atomic_load_explicit(&slot->page->storing_since_ms, memory_order_relaxed);

	return slot->pid > 0 && since_ms > 0 ? MAX(0, now_ms - since_ms) : -1;
}

int64_t
slot_read_error(const struct slot *slot, int64_t now_ms, char *out, size_t out_size)
{
	int64_t wall_ms = status_read_text(&slot->page->last_error, out, out_size),
		storing_s = slot_storing_ms(slot, now_ms) / 1000;

	if (out[0] != '\0' || storing_s < SLOT_STORING_SAID_S)
		return wall_ms;
	snprintf(out, out_size, "storing for %lld s: the database has not finished the batch yet",
		 (long long)storing_s);
	return 0;
}

uint64_t
slot_total(const struct slot *slot)
{
	return slot->starts > 0 ? role_total(slot->role, slot->page) : 0;
}
