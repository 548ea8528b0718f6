/* SPDX-License-Identifier: MIT */
/*
 * notify.h - tell systemd how sluiced is (sd_notify(3)), in a few lines instead of a library.
 *
 * Without $NOTIFY_SOCKET every call does nothing.
 */
#ifndef SUPERVISOR_DAEMON_NOTIFY_H
#define SUPERVISOR_DAEMON_NOTIFY_H

#include <stdint.h>

#include "common/base/defs.h"

/* Read NOTIFY_SOCKET and WATCHDOG_USEC and remove them from the environment: children are not
 * asked. */
void notify_open(void);

/* "READY=1", "STOPPING=1", "STATUS=..."; several lines may be sent at once. */
void notify_send(const char *format, ...) PRINTF_LIKE(1, 2);

/* RELOADING=1 with the time that systemd wants beside it; READY=1 ends it. */
void notify_reloading(void);

/* Send a sign of life when half of the watchdog's time has passed since the last one. */
void notify_watchdog(int64_t now_ms);

/* Milliseconds to the next sign of life; limit_ms when that is nearer. */
int64_t notify_timeout_ms(int64_t now_ms, int64_t limit_ms);

#endif
