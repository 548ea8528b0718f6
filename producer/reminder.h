/* SPDX-License-Identifier: MIT */
/*
 * reminder.h - say a lasting trouble once, and then once a minute.
 */
#ifndef PRODUCER_REMINDER_H
#define PRODUCER_REMINDER_H

#include <stdbool.h>
#include <stdint.h>

enum { REMINDER_MS = 60000 };

struct reminder {
	int64_t next_ms; /* 0: never said yet */
};

/* True when it is to be said now. */
static inline bool
reminder_due(struct reminder *reminder, int64_t now_ms)
{
	if (now_ms < reminder->next_ms)
		return false;
	reminder->next_ms = now_ms + REMINDER_MS;
	return true;
}

/* It is over. True when it had been said, so that its end is worth a line too. */
static inline bool
reminder_reset(struct reminder *reminder)
{
	bool said = reminder->next_ms != 0;

	reminder->next_ms = 0;
	return said;
}

#endif
