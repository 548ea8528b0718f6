/* SPDX-License-Identifier: MIT */
/*
 * binding_check.h - is each queue still bound? Asked now and then, because nobody tells: a message
 * that reaches one queue of two is confirmed like any other, and `mandatory` does not return it.
 *
 * Each queue has a spare binding (topology.h) that a check message reaches and nothing else does.
 * It has no lines, so a worker only acknowledges it. If one comes back, its queue may have been
 * without messages since the last check that went well; so what was published since then is read
 * and sent again. A broker routes the messages of a channel in order: a check that went well speaks
 * for all that was published before it.
 *
 * One check is one small message per queue and routing key, and only after something was published.
 */
#ifndef PRODUCER_BINDING_CHECK_H
#define PRODUCER_BINDING_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/message/message.h"
#include "common/settings/settings.h"

enum { BINDING_CHECKS_MAX = 64, BINDING_CHECK_ID_MAX = 48 };

enum binding_answer {
	BINDING_NO_ANSWER, /* not yet, or not ours */
	BINDING_GOOD,	   /* every queue is bound */
	BINDING_LOST,	   /* a queue is not; binding_check.queue is the first of them */
};

struct binding_check {
	size_t count; /* 0: there is nothing to check */
	struct {
		uint64_t tag; /* 0 = answered */
		const char *queue;
		bool returned, refused;
	} asked[BINDING_CHECKS_MAX];
	size_t open;	   /* of them not answered */
	const char *queue; /* of a lost answer */
	const char *full;  /* a queue that refused the last check; NULL = none did */
	bool has_answer;   /* since the connection was made */
	bool dirty;	   /* something was published since the last check was sent */
	int64_t next_ms;   /* when the next one is due */
};

/* A new connection: everything is asked anew, at once. Without an interval nothing ever is. */
void binding_check_start(struct binding_check *check, const struct settings *settings);

/* It is time to ask. */
bool binding_check_due(const struct binding_check *check, int64_t now_ms);

/* A check begins; the next one is due an interval later. */
void binding_check_begin(struct binding_check *check, const struct settings *settings,
			 int64_t now_ms);

/* The message number i of a check; id is its text. */
struct message binding_check_message(char id[BINDING_CHECK_ID_MAX], size_t i);

/* Message number i of the check is published. */
void binding_check_sent(struct binding_check *check, size_t i, const char *queue, uint64_t tag);

/* A message came back: true when it is a check. */
bool binding_check_returned(struct binding_check *check, struct span message_id);

/* The broker has refused these tags; to be called before binding_check_answered(). */
void binding_check_refused(struct binding_check *check, uint64_t tag, bool multiple);

/* The broker has answered to these tags; a nack means that the queue is there, but full. */
enum binding_answer binding_check_answered(struct binding_check *check, uint64_t tag,
					   bool multiple) MUST_CHECK;

#endif
