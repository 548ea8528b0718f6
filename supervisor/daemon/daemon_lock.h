/* SPDX-License-Identifier: MIT */
/*
 * daemon_lock.h - one sluiced per state folder.
 */
#ifndef SUPERVISOR_DAEMON_DAEMON_LOCK_H
#define SUPERVISOR_DAEMON_DAEMON_LOCK_H

/*
 * Make the folder (0750) if only it is missing, and lock FOLDER/sluiced.lock for the life of this
 * process; the kernel frees the lock however the process ends. Ends sluiced with EX_UNAVAILABLE
 * when another one holds it, with EX_CANTCREAT when folder or file cannot be made.
 */
void daemon_lock_acquire(const char *folder);

#endif
