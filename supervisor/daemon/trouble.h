/* SPDX-License-Identifier: MIT */
/*
 * trouble.h - when what a child shows as its last error is an event: as it begins, as its cause
 * becomes another, and as it is over.
 *
 * The ring of events is small, so an error that comes and goes is told once: the same cause again
 * within TROUBLE_SAME_MS of its end is told only if it lasts that long, another cause only
 * TROUBLE_OTHER_MS after the last one was told. Causes that differ in digits alone are the same.
 */
#ifndef SUPERVISOR_DAEMON_TROUBLE_H
#define SUPERVISOR_DAEMON_TROUBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TROUBLE_SAME_MS = 60 * 1000, TROUBLE_OTHER_MS = 10 * 1000, TROUBLE_TEXT_MAX = 256 };

struct trouble {
	char cause[TROUBLE_TEXT_MAX]; /* told last; "" = never any */
	bool is_told;		      /* and not over since */
	int64_t told_ms, ended_ms;    /* monotonic */
};

enum trouble_news { TROUBLE_NO_NEWS, TROUBLE_BEGINS, TROUBLE_ENDS };

/* The child shows this error now; never "". BEGINS: tell it. */
enum trouble_news trouble_seen(struct trouble *trouble, const char *error, int64_t now_ms);

/* The child is well. ENDS: tell it; cause and told_ms say what is over. */
enum trouble_news trouble_over(struct trouble *trouble, int64_t now_ms);

#endif
