/* SPDX-License-Identifier: MIT */
/*
 * fault.h - named places at which a test build dies on request; nothing at all in the shipped
 * build.
 *
 * A test build is `make FAULTS=1 BUILD=build/faults`. There the environment arms one place:
 *   SLUICE_FAULT="worker.after_commit:kill"     at the first time it is reached
 *   SLUICE_FAULT="worker.after_commit:kill:3"   at the third time, counted per process
 *   SLUICE_FAULT_ROLE="lake/0"                  only in this child; "lake" = in all lake workers;
 *                                               without a role also "sluiced", "sluicectl"
 *   SLUICE_FAULT_LINE="text"                    only lines with this text count (worker.line)
 *   SLUICE_FAULT_ONCE="/path/of/a/file"         made when it happens; nothing happens while
 *                                               it is there
 * Actions:
 *   abort, exit (code 70), kill (SIGKILL), hang (sleeps for ever), spin (an endless loop),
 *   sleep (3 s, then goes on), fail (xalloc only: no memory)
 * The places:
 *   producer.after_confirm            confirms came in, the checkpoint is not yet written
 *   producer.before_checkpoint_rename written and synced, not yet in its place
 *   worker.line                       a line is about to be turned into a row
 *   worker.write                      each line of a batch that is about to be sent
 *   worker.after_insert               rows sent, before COMMIT
 *   worker.after_commit               before the dead letters and the acknowledgement
 *   worker.before_publish_dead        before the first dead letter of a batch is published
 *   worker.after_dead_letter          all of them confirmed, before the acknowledgement
 *   xalloc                            an allocation (with fail)
 */
#ifndef COMMON_BASE_FAULT_H
#define COMMON_BASE_FAULT_H

#ifdef SLUICE_FAULTS

#include <stdbool.h>

#include "common/base/span.h"

/* Who this process is: "lake/0". Until then it is the name of its program. */
void fault_set_role(const char *role);

/* Do what is armed for this place, if it is its time. */
void fault_point(const char *name);
void fault_line(const char *name, struct span line);

/* It is time for this place to fail. */
bool fault_fails(const char *name);

#define FAULT_POINT(name) fault_point(name)
#define FAULT_LINE(name, line) fault_line(name, line)
#define FAULT_FAILS(name) fault_fails(name)
#define FAULT_ROLE(role) fault_set_role(role)

#else

#define FAULT_POINT(name) ((void)0)
#define FAULT_LINE(name, line) ((void)0)
#define FAULT_FAILS(name) false
#define FAULT_ROLE(role) ((void)0)

#endif

#endif
