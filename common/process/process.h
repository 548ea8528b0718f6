/* SPDX-License-Identifier: MIT */
/*
 * process.h - what the producer and the workers have in common as processes: options, settings,
 * signals, the bond to the supervisor, and the one place where they wait.
 *
 * Signals are blocked and read from a signalfd: TERM or INT asks for a drain, a second one or QUIT
 * for an end at once; HUP only wakes the process up, to look at its status page. When the
 * supervisor dies, its pipe ends and the process drains by itself.
 */
#ifndef COMMON_PROCESS_PROCESS_H
#define COMMON_PROCESS_PROCESS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/settings/settings.h"
#include "common/process/status.h"

struct process {
	char name[64]; /* "lake/0" under the supervisor, "lake" alone */
	struct settings *settings;
	struct status_page *status;
	bool supervised;
	bool once;	      /* --once: end when all work is done (producer only) */
	bool take_unfinished; /* with once: also last lines that have no line end */
	bool stop;	      /* drain and end */
	bool stop_now;	      /* end without draining */
	int signal_fd;
	int supervisor_fd;    /* -1 when alone */
	uint64_t log_dropped; /* as the status page has it */
};

struct process_description {
	const char *role;    /* "producer", "lake", "clean" */
	const char *program; /* "sluice-producer" */
	const char *purpose; /* one sentence for --help */
	bool has_once;	     /* knows --once and --take-unfinished */
};

/*
 * Read the options (-c FILE, --once where known, --slot of handover.h, --help, --version) and the
 * settings, set up signals, log and status page. Ends the program with 0 after --help and --version,
 * with EX_USAGE, or with EX_CONFIG. May be called once.
 */
void process_start(struct process *process, const struct process_description *description, int argc,
		   char **argv);

/*
 * Wait until one of the descriptors has something, a signal comes, or timeout_ms have passed (at
 * most 1000 are waited, so that the heartbeat goes on). Beats the heart and updates stop and
 * stop_now. revents of fds are filled as poll(2) does; count may be 0. Never fails.
 */
void process_wait(struct process *process, struct pollfd *fds, size_t count, int64_t timeout_ms);

/*
 * Wait for timeout_ms in full or until stop is set, calling idle (if not NULL) about every second
 * and whenever fd (if not -1) is readable: a worker whose database is away goes on serving its
 * broker connection there. idle returns false to end the wait early.
 */
void process_pause(struct process *process, int64_t timeout_ms, int fd, bool (*idle)(void *context),
		   void *context);

#endif
