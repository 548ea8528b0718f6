/* SPDX-License-Identifier: MIT */
/*
 * log_writer.h - puts lines on a descriptor, standard error mostly, and never waits for long for
 * whoever reads there: a log that nobody reads must not stop the work.
 *
 * O_NONBLOCK cannot simply be set: the flag belongs to the open file description, which other
 * processes share. And to poll before writing is not enough, since they write too. So:
 *   file      write: that waits for nobody
 *   socket    send with MSG_DONTWAIT (the journal)
 *   pipe, terminal   opened anew through /proc, which gives a description of our own; where that is
 *             not permitted (a pipe that another user made, as in containers), a line goes into a
 *             pipe of our own and from there by splice(2), which can be told not to wait
 * Only where nothing of this works, poll has to do.
 */
#ifndef COMMON_BASE_LOG_WRITER_H
#define COMMON_BASE_LOG_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/defs.h"

/* Longer lines would not be written as one to a pipe. */
enum { LOG_WRITER_LINE_MAX = 4096 };

/*
 * From now on write to what fd is; fd itself is kept open by the caller. May be called again. The
 * descriptors that it opens are not inherited by programs.
 */
void log_writer_open(int fd);

/*
 * Write a line of at most LOG_WRITER_LINE_MAX bytes. False when it was dropped because there is no
 * room; a reader who is only slow is waited for, but not longer than a second within ten seconds. A
 * line that was begun is finished by the next call.
 */
bool log_writer_put(const char *line, size_t len) MUST_CHECK;

#endif
