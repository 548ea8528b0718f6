/* SPDX-License-Identifier: MIT */
/*
 * handover.h - what sluiced hands over to a child across fork and exec. spawn.c gives, process.c
 * takes; whatever both must agree on stands here.
 *
 *   arguments    PROGRAM -c FILE --slot NUMBER:NAME, e.g. --slot 3:lake/2. FILE is absolute and only
 *                named (in messages): the settings come by descriptor. The number is that of the
 *                status page, the name that of the slot.
 *   descriptors  0       /dev/null
 *                1, 2    sluiced's own: the log goes to 2
 *                3 ...   the rows of enum handover_fd below; all others are closed
 *   status page  page NUMBER of the memfd HANDOVER_STATUS_FD, of STATUS_PAGE_SIZE bytes (status.h).
 *                sluiced has filled it for this process, its version too. The table of inputs
 *                (input_table.h) lies behind the last page.
 *   pipe         sluiced alone holds the write end of HANDOVER_LIFE_FD and never writes: the end of
 *                file says that sluiced is gone, and the child drains.
 *   signals      all as by default and none blocked; SIGUSR2 comes when sluiced dies
 *                (PR_SET_PDEATHSIG): the last resort against a child that hangs and does not look
 *                at its pipe. HUP only wakes a child up, to look at its page.
 *   environment  sluiced's own without NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID: children do
 *                not talk to systemd. SLUICE_* has been laid over the settings already; a child that
 *                runs alone does so itself.
 *   process      a process group of its own, sluiced's user, working folder, limits and umask.
 */
#ifndef COMMON_PROCESS_HANDOVER_H
#define COMMON_PROCESS_HANDOVER_H

#include <stddef.h>

#include "common/base/defs.h"

enum handover_fd {
	HANDOVER_STATUS_FD = 3, /* memfd: the status pages of all slots */
	HANDOVER_LIFE_FD,	/* read end of a pipe: end of file = sluiced is gone */
	HANDOVER_SETTINGS_FD,	/* sealed memfd: the settings that sluiced has accepted */
	HANDOVER_REPORT_FD,	/* write end of a pipe, closed by exec: why there is no exec */
	HANDOVER_END_FD,	/* one more than the last */
};

/* Where they are in sluiced. */
struct handover {
	int status, life, settings, report;
};

/* The name of the option, without "--". */
#define HANDOVER_SLOT_OPTION "slot"

enum { HANDOVER_SLOT_MAX = 32 };

/* "NUMBER:NAME"; returns out. */
const char *handover_format_slot(unsigned number, const char *name, char out[HANDOVER_SLOT_MAX]);

/* The reverse: 0, or -1 when text is not such a thing. name has room for HANDOVER_SLOT_MAX. */
int handover_parse_slot(const char *text, unsigned *number, char *name) MUST_CHECK;

/*
 * In the child, between fork and exec: give the descriptors their numbers and close those above.
 * Only system calls. Returns 0, or -1 with errno set; handover->report can be written to either way.
 */
int handover_give(struct handover *handover) MUST_CHECK;

/* In the program: see to it that no program that it may start inherits the descriptors. */
void handover_take(void);

/* In the program: the path under which the settings can be read until HANDOVER_SETTINGS_FD is closed. */
const char *handover_settings_path(void);

#endif
