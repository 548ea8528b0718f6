/* SPDX-License-Identifier: MIT */
/*
 * broker_declare.h - exchanges, queues and bindings, one at a time; which ones is in topology.c.
 */
#ifndef COMMON_BROKER_BROKER_DECLARE_H
#define COMMON_BROKER_BROKER_DECLARE_H

#include "common/broker/broker.h"

struct broker_argument {
	const char *name;
	const char *text; /* NULL: number counts */
	int64_t number;
};

/* passive: only check that it is there. */
enum outcome broker_declare_exchange(struct broker *broker, const char *name, const char *type,
				     bool passive, struct failure *failure) MUST_CHECK;

/* messages and consumers (each may be NULL) get the queue's counts. */
enum outcome broker_declare_queue(struct broker *broker, const char *name, bool passive,
				  const struct broker_argument *arguments, size_t argument_count,
				  uint32_t *messages, uint32_t *consumers,
				  struct failure *failure) MUST_CHECK;

/*
 * Declare it on a channel of its own: a refusal (failure->code says which) costs that channel
 * only, and this connection stays in use.
 */
enum outcome broker_try_declare_queue(struct broker *broker, const char *name,
				      const struct broker_argument *arguments,
				      size_t argument_count, struct failure *failure) MUST_CHECK;

/* With its messages. */
enum outcome broker_delete_queue(struct broker *broker, const char *name,
				 struct failure *failure) MUST_CHECK;

/*
 * Ask for the depth of a queue without waiting: the answer is a BROKER_DEPTH among what comes in. A
 * call that waits would make the library keep every message before the answer in memory. A queue
 * that is not there ends the connection (404).
 */
enum outcome broker_ask_depth(struct broker *broker, const char *queue,
			      struct failure *failure) MUST_CHECK;

enum outcome broker_bind_queue(struct broker *broker, const char *queue, const char *exchange,
			       const char *routing_key, struct failure *failure) MUST_CHECK;

#endif
