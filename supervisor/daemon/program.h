/* SPDX-License-Identifier: MIT */
/*
 * program.h - where the other programs of this installation are.
 */
#ifndef SUPERVISOR_DAEMON_PROGRAM_H
#define SUPERVISOR_DAEMON_PROGRAM_H

/* The folder of the running program, in new memory. */
char *program_folder(void);

/*
 * The path of a program, in new memory: beside the folder's own (a build tree), else in its ../bin
 * (sbin/sluiced and bin/sluice-producer). When it is in neither, the first of the two.
 */
char *program_find(const char *folder, const char *program);

#endif
