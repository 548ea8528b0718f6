/* SPDX-License-Identifier: MIT */
/*
 * dlq_mover.c - publish, wait for the confirm, acknowledge.
 */
#include "supervisor/dlq/dlq_mover.h"
#include "common/base/xalloc.h"
#include "common/broker/broker_publish_json.h"
#include "supervisor/dlq/dlq_interrupt.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>

enum {
	WINDOW = 512, /* messages in flight; delivery tags count on, so tag % WINDOW is its place */
	WINDOW_BYTES = 4 << 20,
};

/* A letter whose messages are in flight. */
struct move {
	uint64_t letter_tag;
	unsigned open; /* messages not yet confirmed */
	bool complete; /* no more messages will be added */
	bool failed;
};

struct in_flight {
	struct move *move;
	size_t bytes;
};

struct dlq_mover {
	struct broker *broker;
	struct dlq_reader *reader;
	struct move *current;
	struct in_flight flights[WINDOW];
	uint64_t first, next; /* tags: the oldest unconfirmed, the next to be given */
	size_t bytes;
	bool confirmed[WINDOW];
	uint64_t half_sent; /* publishing failed on the way: they may have arrived */
	uint64_t moved;
};

enum outcome
dlq_mover_open(struct dlq_mover **out, const struct broker_settings *settings,
	       struct dlq_reader *reader, const char *client_name, struct failure *failure)
{
	struct dlq_mover *mover = xcalloc(1, sizeof(*mover));

	*out = NULL;
	mover->reader = reader;
	mover->first = mover->next = 1;
	if (broker_open(&mover->broker, settings, BROKER_PUBLISH, client_name, failure) !=
	    OUTCOME_DONE) {
		free(mover);
		return failure->outcome;
	}
	*out = mover;
	return OUTCOME_DONE;
}

void
dlq_mover_close(struct dlq_mover **mover)
{
	if (*mover == NULL)
		return;
	broker_close(&(*mover)->broker);
	for (uint64_t tag = (*mover)->first; tag < (*mover)->next; tag++) {
		struct move *move = (*mover)->flights[tag % WINDOW].move;

		if (!(*mover)->confirmed[tag % WINDOW] && --move->open == 0 && move->complete)
			free(move);
	}
	free((*mover)->current);
	free(*mover);
	*mover = NULL;
}

/* --- what the broker says --- */

static enum outcome
finish_move(struct dlq_mover *mover, struct move *move, struct failure *failure)
{
	enum outcome outcome = OUTCOME_DONE;

	if (!move->complete || move->open > 0)
		return OUTCOME_DONE;
	if (!move->failed) {
		if (mover->reader != NULL)
			outcome = dlq_reader_ack(mover->reader, move->letter_tag, failure);
		if (outcome == OUTCOME_DONE)
			mover->moved++;
	}
	free(move);
	return outcome;
}

static enum outcome
confirm(struct dlq_mover *mover, const struct broker_event *event, struct failure *failure)
{
	uint64_t from = event->multiple ? mover->first : event->tag;

	for (uint64_t tag = from; tag <= event->tag && tag < mover->next; tag++) {
		struct in_flight *flight = &mover->flights[tag % WINDOW];

		if (tag < mover->first || mover->confirmed[tag % WINDOW])
			continue;
		mover->confirmed[tag % WINDOW] = true;
		mover->bytes -= flight->bytes;
		flight->move->open--;
		if (finish_move(mover, flight->move, failure) != OUTCOME_DONE)
			return failure->outcome;
	}
	while (mover->first < mover->next && mover->confirmed[mover->first % WINDOW])
		mover->first++;
	return OUTCOME_DONE;
}

static enum outcome
handle_event(struct dlq_mover *mover, const struct broker_event *event, struct failure *failure)
{
	switch (event->kind) {
	case BROKER_ACKED:
		return confirm(mover, event, failure);
	case BROKER_NACKED:
		return failure_set(failure, OUTCOME_RETRY, EX_UNAVAILABLE,
				   "broker %s refuses messages: is the queue full?",
				   broker_address(mover->broker));
	case BROKER_RETURNED:
		/* Its confirm follows; since we stop here, that one acknowledges nothing. */
		return failure_set(failure, OUTCOME_FATAL, EX_CONFIG,
				   "broker %s: %s: the queue is missing (sluicectl topology apply)",
				   broker_address(mover->broker), event->text);
	case BROKER_NOTHING:
	case BROKER_DELIVERY:
	case BROKER_CANCELLED:
	case BROKER_ALARM:
	case BROKER_DEPTH:
		break;
	}
	return OUTCOME_DONE;
}

enum outcome
dlq_mover_serve(struct dlq_mover *mover, int timeout_ms, struct failure *failure)
{
	struct pollfd watched = {.fd = broker_fd(mover->broker), .events = POLLIN};
	struct broker_event event;
	enum outcome outcome;
	bool idle = true;

	for (;;) {
		if (broker_next(mover->broker, &event, failure) != OUTCOME_DONE)
			return failure->outcome;
		if (event.kind == BROKER_NOTHING && (!idle || timeout_ms == 0))
			return OUTCOME_DONE;
		if (event.kind == BROKER_NOTHING) {
			poll(&watched, 1, timeout_ms);
			timeout_ms = 0;
			continue;
		}
		idle = false;
		outcome = handle_event(mover, &event, failure);
		delivery_free(&event.delivery);
		if (outcome != OUTCOME_DONE)
			return outcome;
	}
}

/* --- publishing --- */

void
dlq_mover_begin(struct dlq_mover *mover, uint64_t letter_tag)
{
	assert(mover->current == NULL);
	mover->current = xcalloc(1, sizeof(*mover->current));
	mover->current->letter_tag = letter_tag;
}

static bool
has_room(const struct dlq_mover *mover)
{
	return mover->next - mover->first < WINDOW && mover->bytes < WINDOW_BYTES &&
	       !broker_is_blocked(mover->broker);
}

/* Under an alarm that may take for ever: whoever is asked to end does not wait for it. */
static enum outcome
wait_for_confirms(struct dlq_mover *mover, struct failure *failure)
{
	if (dlq_interrupt_seen() && broker_is_blocked(mover->broker))
		return failure_set(failure, OUTCOME_RETRY, EX_TEMPFAIL,
				   "broker %s takes no messages now (memory or disk alarm)",
				   broker_address(mover->broker));
	return dlq_mover_serve(mover, 500, failure);
}

enum outcome
dlq_mover_publish(struct dlq_mover *mover, const char *queue, const json_t *properties,
		  struct span body, struct failure *failure)
{
	enum outcome outcome = dlq_mover_serve(mover, 0, failure);
	uint64_t tag;

	while (outcome == OUTCOME_DONE && !has_room(mover))
		outcome = wait_for_confirms(mover, failure);
	if (outcome != OUTCOME_DONE)
		return outcome;
	outcome = broker_publish_json(mover->broker, "", queue, properties, body, &tag, failure);
	if (outcome == OUTCOME_REJECT)
		mover->current->failed = true;
	else if (outcome != OUTCOME_DONE)
		mover->half_sent++;
	if (outcome != OUTCOME_DONE)
		return outcome;
	assert(tag == mover->next);
	mover->flights[tag % WINDOW] =
		(struct in_flight){.move = mover->current, .bytes = body.len};
	mover->confirmed[tag % WINDOW] = false;
	mover->bytes += body.len;
	mover->current->open++;
	mover->next++;
	return OUTCOME_DONE;
}

enum outcome
dlq_mover_end(struct dlq_mover *mover, struct failure *failure)
{
	struct move *move = mover->current;

	mover->current = NULL;
	move->complete = true;
	return finish_move(mover, move, failure);
}

enum outcome
dlq_mover_finish(struct dlq_mover *mover, struct failure *failure)
{
	while (mover->first < mover->next)
		if (wait_for_confirms(mover, failure) != OUTCOME_DONE)
			return failure->outcome;
	return OUTCOME_DONE;
}

uint64_t
dlq_mover_moved(const struct dlq_mover *mover)
{
	return mover->moved;
}

uint64_t
dlq_mover_unconfirmed(const struct dlq_mover *mover)
{
	return mover->next - mover->first + mover->half_sent;
}
