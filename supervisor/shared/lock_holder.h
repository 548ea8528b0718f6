/* SPDX-License-Identifier: MIT */
/*
 * lock_holder.h - the lock of a state folder, as both sides know it: sluiced takes it
 * (daemon_lock.h), sluicectl asks who has it when nobody answers on the control socket.
 */
#ifndef SUPERVISOR_SHARED_LOCK_HOLDER_H
#define SUPERVISOR_SHARED_LOCK_HOLDER_H

#include <sys/types.h>

/* In the state folder: locked with flock(2); its content, a pid, is for people. */
#define LOCK_HOLDER_FILE "sluiced.lock"

/*
 * The process that holds the lock of the folder; 0 when none does or nobody may know. It does not
 * try to take the lock: a sluiced that starts at this moment would give up.
 */
pid_t lock_holder(const char *folder);

#endif
