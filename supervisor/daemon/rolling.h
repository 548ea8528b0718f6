/* SPDX-License-Identifier: MIT */
/*
 * rolling.h - a rolling restart: of all slots that are to be restarted, one at a time.
 *
 * A slot that is ROLL_WAITING gets its turn when the one before runs again; at most one is ROLL_NOW.
 */
#ifndef SUPERVISOR_DAEMON_ROLLING_H
#define SUPERVISOR_DAEMON_ROLLING_H

#include "supervisor/daemon/slot.h"

/*
 * Look how the slot whose turn it is has fared, and choose the next one: it becomes ROLL_NOW, and
 * is to be restarted by the caller. NULL: none now. When a restarted child is FATAL, all that wait
 * are left alone, and that is logged.
 */
struct slot *rolling_next(struct slot slots[SLOT_COUNT]) MUST_CHECK;

#endif
