/* SPDX-License-Identifier: MIT */
/*
 * obituary.h - what is said and recorded of a child that has ended.
 */
#ifndef SUPERVISOR_DAEMON_OBITUARY_H
#define SUPERVISOR_DAEMON_OBITUARY_H

#include <stdint.h>

#include "supervisor/daemon/deaths.h"
#include "supervisor/daemon/events.h"
#include "supervisor/daemon/slot.h"

/*
 * One log line and one event for the end of the slot's process (slot->pid). before is the child as
 * it was when the end came; slot->child is already what follows from it. An end that was not asked
 * for is also recorded in deaths, and stands as the last error in the slot's page, unless the child
 * has left a better one.
 */
void obituary_write(const struct slot *slot, const struct child_event *event,
		    const struct child *before, int64_t now_ms, struct deaths *deaths,
		    struct events *events);

#endif
