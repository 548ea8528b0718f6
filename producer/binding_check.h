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
 * Pure: the caller publishes the messages and hands on what the broker answers.
 */
#ifndef PRODUCER_BINDING_CHECK_H
#define PRODUCER_BINDING_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/message/message.h"
#include "common/settings/settings.h"

enum { BINDING_CHECK_ID_MAX = 48, BINDING_CHECK_PASSIVE_MS = 2000 };

enum binding_answer {
	BINDING_NO_ANSWER, /* not yet, or not ours */
	BINDING_GOOD,	   /* every queue is bound */
	BINDING_RESTORED,  /* ... again, after a loss */
	BINDING_LOST,	   /* a queue is not: nothing may be published until all are bound again */
	BINDING_UNSUPPORTED, /* none ever was, and we may not make any: nothing is checked */
};

/* One message of a check. */
struct binding_question {
	const char *queue;
	char *key;
	char id[BINDING_CHECK_ID_MAX];
	uint64_t tag; /* 0 = not sent, or answered */
	bool returned, refused;
};

struct binding_check {
	struct binding_question *questions; /* one per queue and routing key */
	size_t count;
	int64_t interval_ms;
	bool passive;	   /* somebody else makes the bindings */
	bool is_on;	   /* there is something to check */
	size_t open;	   /* questions that are not answered */
	const char *queue; /* the first that the last check found unbound; NULL = none */
	const char *full;  /* the first that refused the last check; NULL = none */
	bool has_answer;   /* since the connection was made */
	bool is_dirty;	   /* something was published since the last check was sent */
	bool is_lost;	   /* a check found a queue unbound, and none went well since */
	bool was_good;	   /* a check has gone well, over all connections */
	int64_t next_ms;   /* when the next one is due */
};

/* All 0 before. Free it at the end. Without an interval nothing is ever checked. */
void binding_check_init(struct binding_check *check, const struct settings *settings);
void binding_check_free(struct binding_check *check);

/* A new connection: everything is asked anew, at once. */
void binding_check_connected(struct binding_check *check);

/* Something was published. */
void binding_check_published(struct binding_check *check);

/* Do not wait for the interval to pass. */
void binding_check_hurry(struct binding_check *check, int64_t now_ms);

/* When the next check is due; INT64_MAX: not as long as nothing changes. */
int64_t binding_check_due_ms(const struct binding_check *check);

/* Everything that was published may be published, as far as is known. */
bool binding_check_allows(const struct binding_check *check);

/* A check spoke for all that was published, or none ever will. */
bool binding_check_is_verified(const struct binding_check *check);

/* A check begins; the next one is due an interval later. */
void binding_check_begin(struct binding_check *check, int64_t now_ms);

/* Message number i (below count) of a check; it borrows from check. Its routing key is the question's. */
struct message binding_check_message(const struct binding_check *check, size_t i);

/* Message number i of the check is published. */
void binding_check_sent(struct binding_check *check, size_t i, uint64_t tag);

/* A message came back: true when it is a check. */
bool binding_check_returned(struct binding_check *check, struct span message_id);

/* The broker has answered these tags; a nack means that the queue is there, but full. */
enum binding_answer binding_check_answered(struct binding_check *check, uint64_t tag, bool multiple,
					   bool acked, int64_t now_ms) MUST_CHECK;

#endif
