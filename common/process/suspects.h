/* SPDX-License-Identifier: MIT */
/*
 * suspects.h - lines that workers died with, and what follows from it. Pure.
 *
 * A worker shows in its status page which line of which message it has in hand. When it dies that
 * way, the supervisor notes the place and hands its notes to all workers of the role, since any of
 * them may get the message again. A worker takes a message that is noted apart, line by line, each
 * settled before the next; a line that is guilty becomes a dead letter unread. So a line that kills
 * its reader costs two workers (one that hangs it, too), and its neighbours nothing.
 *
 * What is in hand can also be a whole batch of many messages (while it is written): then the note
 * has no name. Any note makes a worker that starts careful: it takes one message at a time for a
 * while, so that the next death names the message, and the one after that the line; and so that the
 * broker's delivery limit counts deaths only for few messages.
 *
 * A death by SIGKILL weighs half: mostly it is an operator or the kernel, not the line. Who ends
 * for want of memory or the like (fatal(), EX_OSERR) has said that it was not the line: that weighs
 * nothing, but makes careful all the same.
 */
#ifndef COMMON_PROCESS_SUSPECTS_H
#define COMMON_PROCESS_SUSPECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/message/message.h"

enum {
	SUSPECTS_MAX = 6,
	SUSPECT_NAME_MAX = 288,
	SUSPECT_WEIGHT_FATAL = 0,
	SUSPECT_WEIGHT_KILLED = 1,
	SUSPECT_WEIGHT_CRASHED = 2,
	SUSPECT_WEIGHT_GUILTY = 4,
	SUSPECT_EXPIRES_MS = 3600 * 1000, /* after its last death */
};

/* Lines are counted from 1. These two are none: */
#define SUSPECT_LINE_NONE 0u	    /* nothing in hand */
#define SUSPECT_LINE_ALL UINT32_MAX /* the whole message, or (without a name) a batch of them */

struct suspect {
	char name[SUSPECT_NAME_MAX]; /* "" = a batch of messages */
	uint32_t line;
	uint32_t deaths, weight;
	int64_t noted_ms; /* monotonic: of the last death; 0 = this place is free */
};

struct suspects {
	struct suspect list[SUSPECTS_MAX];
};

/*
 * The name of a message: its message-id; one that is not the producer's gets a hash of its body
 * added, since strangers may use one id twice or none at all.
 */
void suspect_name(const struct message *message, char out[SUSPECT_NAME_MAX]);

/*
 * A worker died with this in hand: the same place weighs more each time. The oldest note gives way.
 */
void suspects_note(struct suspects *suspects, const char *name, uint32_t line, uint32_t weight,
		   int64_t now_ms);

/* Forget what has expired. Returns whether any note is left. */
bool suspects_expire(struct suspects *suspects, int64_t now_ms);

/* There is a note about this message, or a line of it. */
bool suspects_has(const struct suspects *suspects, const char *name);

/* The guilty line's note; NULL when the line is to be tried. */
const struct suspect *suspects_guilty(const struct suspects *suspects, const char *name,
				      uint32_t line);

#endif
