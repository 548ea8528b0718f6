/* SPDX-License-Identifier: MIT */
/*
 * trouble.h - when what a child shows as its last error is an event: as it begins, as its cause
 * becomes another, and as it is over.
 *
 * The ring of events is small, so an error that comes and goes is told once: the same cause again
 * within a minute of its end is told only if it lasts that long, another cause only 10 s after the
 * last one was told. Causes that differ in digits alone are the same.
 */
#ifndef SUPERVISOR_DAEMON_TROUBLE_H
#define SUPERVISOR_DAEMON_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/alert.h"

enum { TROUBLE_TEXT_MAX = 256 };

struct trouble {
	struct alert alert;
	char text[TROUBLE_TEXT_MAX]; /* that was told last */
};

/* The child shows this error now; never "". True: tell it. */
bool trouble_begins(struct trouble *trouble, const char *error, int64_t now_ms);

/* The child is well. True: tell it; text and alert.told_ms say what is over. */
bool trouble_ends(struct trouble *trouble, int64_t now_ms);

#endif
