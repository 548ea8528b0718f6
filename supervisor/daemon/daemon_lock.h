/* SPDX-License-Identifier: MIT */
/*
 * daemon_lock.h - the folder of what Sluice remembers, and its lock: one sluiced per folder.
 */
#ifndef SUPERVISOR_DAEMON_DAEMON_LOCK_H
#define SUPERVISOR_DAEMON_DAEMON_LOCK_H

/*
 * Make the folder (0750) if only it is missing, and lock FOLDER/sluiced.lock for the life of this
 * process; the kernel frees the lock however the process ends. Ends sluiced with EX_UNAVAILABLE
 * when another one holds it, with EX_CANTCREAT when folder or file cannot be made.
 */
void daemon_lock_take(const char *folder);

/* Make a folder (0750) if only it is missing; ends sluiced with EX_CANTCREAT if it cannot. */
void daemon_lock_folder(const char *folder);

#endif
