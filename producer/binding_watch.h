/* SPDX-License-Identifier: MIT */
/*
 * binding_watch.h - checks of the bindings over a connection: sends them when they are due, puts
 * lost bindings back where we may, says so where we may not. What an answer means is
 * binding_check.h's.
 */
#ifndef PRODUCER_BINDING_WATCH_H
#define PRODUCER_BINDING_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/alert.h"
#include "common/broker/broker.h"
#include "common/process/process.h"
#include "producer/binding_check.h"

struct binding_watch {
	struct process *process;
	struct binding_check check;
	struct alert unbound;
};

void binding_watch_init(struct binding_watch *watch, struct process *process);
void binding_watch_free(struct binding_watch *watch);

/* Send a check. On failure the connection is spent. */
enum outcome binding_watch_ask(struct binding_watch *watch, struct broker *broker, int64_t now_ms,
			       struct failure *failure) MUST_CHECK;

/*
 * The broker has acked or nacked: *answer says what that means for the bindings, LOST ones are put
 * back. On failure the connection is spent.
 */
enum outcome binding_watch_answered(struct binding_watch *watch, struct broker *broker,
				    const struct broker_event *event, enum binding_answer *answer,
				    struct failure *failure) MUST_CHECK;

#endif
