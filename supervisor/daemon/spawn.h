/* SPDX-License-Identifier: MIT */
/*
 * spawn.h - make a child process: fork and exec, with all that handover.h says.
 */
#ifndef SUPERVISOR_DAEMON_SPAWN_H
#define SUPERVISOR_DAEMON_SPAWN_H

#include <sys/types.h>

#include "common/base/defs.h"
#include "common/process/input_table.h"
#include "supervisor/daemon/pool.h"

struct spawner {
	const char *settings_path; /* borrowed */
	char *program_folder;
	int settings_fd;	    /* a sealed copy of the accepted settings, for the children */
	int memfd;		    /* a status page per slot, and the table of inputs */
	void *pages;		    /* the same, mapped */
	struct input_table *inputs; /* behind the pages */
	int reports[SLOT_COUNT];    /* where a child writes why it could not exec; -1 = none */
	int life_read;		    /* inherited by children; ends when sluiced dies */
	int life_write;
};

/* Make the status pages and the pipe, find the programs. Ends sluiced when the system refuses. */
void spawner_init(struct spawner *spawner, const char *settings_path);

/*
 * Children that are started from now on get these settings, whatever happens to the file. Returns 0,
 * or -1 with the reason in error when the system has no descriptor or memory for a copy; then they go
 * on getting what they got before.
 */
int spawner_set_settings(struct spawner *spawner, const struct settings *settings, char *error,
			 size_t error_size) MUST_CHECK;

/* All children must be gone. */
void spawner_close(struct spawner *spawner);

/*
 * Start the program of a slot. Does not wait until it runs: when it cannot be executed, the process
 * ends, and spawner_exec_result() tells. SPAWN_LATER (logged, and in the slot's last error): there
 * is no process to be had now.
 */
enum spawn_result spawner_spawn(struct spawner *spawner, const struct slot *slot,
				pid_t *pid) MUST_CHECK;

/*
 * The slot's process has ended: had the program run? SPAWN_OK: yes. Else it is logged and stands in
 * the slot's last error; SPAWN_NEVER: trying again will not help.
 */
enum spawn_result spawner_exec_result(struct spawner *spawner, const struct slot *slot) MUST_CHECK;

#endif
