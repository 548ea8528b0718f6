/* SPDX-License-Identifier: MIT */
/*
 * folder.h - folders that sluiced makes: that of its state, and that of its socket.
 */
#ifndef SUPERVISOR_DAEMON_FOLDER_H
#define SUPERVISOR_DAEMON_FOLDER_H

/* Make a folder (0750) if only it is missing; ends sluiced with EX_CANTCREAT if it cannot. */
void folder_make(const char *folder);

#endif
