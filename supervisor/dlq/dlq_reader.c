/* SPDX-License-Identifier: MIT */
/*
 * dlq_reader.c - consumers one after another over a dead-letter queue.
 */
#include "supervisor/dlq/dlq_reader.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/broker/broker_consume.h"
#include "common/broker/broker_declare.h"
#include "common/broker/delivery_limit.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	PREFETCH_FIRST = 2000, /* the first letters soon, while their size is unknown */
	PREFETCH_MIN = 50,
	PREFETCH_MAX = 65000,	   /* a 16-bit number in AMQP */
	PREFETCH_BYTES = 64 << 20, /* the broker loads so much at once, in several times the room */
	PREFETCH_GROWTH = 8,	   /* a few small letters say little about those behind them */
	CONSUMERS_WANTED = 28,	   /* and two small ones: 30 keep the order, more than 32 do not */
	LETTER_OVERHEAD = 512,	   /* headers and what the broker adds */
	SILENCE_MS = 1500,	   /* after this ask the broker whether something is left */
	STANDSTILL_MS = 30000,
	NO_ANSWER_MS = 1000, /* see count_at_opening() */
	RECOUNT_MS = 100,
	ACKS_ARRIVE_MS = 1500,		/* see await_acks() */
	PRESERVE_ORDER_LETTERS = 20000, /* about a second */
	PRESERVE_ORDER_MS = 10000,
	OTHER_CONSUMERS_MS = 3000, /* how long another reader may take to go away */
	SILENCE_EMPTY_MS = 50,	   /* the same where nothing is expected */
	SILENT_ANSWERS = 3,	   /* letters may still be on their way behind the first answers */
};

struct dlq_reader {
	const struct broker_settings *settings;
	struct broker *broker;
	struct unpacker *unpacker;
	char queue[256], client_name[128];
	uint32_t ready; /* letters in the queue at the opening */
	uint32_t other_consumers;
	uint64_t given;	      /* letters given out */
	uint64_t bytes;	      /* theirs */
	unsigned consumers;   /* started so far */
	uint32_t prefetch;    /* of the last consumer */
	uint32_t in_consumer; /* letters that the last consumer got */
	bool follows, ended;
	bool failed;	     /* the connection is spent: not a word more */
	int64_t last_ms;     /* when the last letter came */
	int64_t last_ack_ms; /* 0 = none was sent */
	unsigned silent_answers;
};

/* --- consumers --- */

/* Few consumers for the sake of order, many for the sake of the broker's memory: see the header. */
static uint32_t
next_prefetch(const struct dlq_reader *reader)
{
	uint64_t prefetch, average;

	if (reader->given == 0)
		return PREFETCH_FIRST;
	average = reader->bytes / reader->given + LETTER_OVERHEAD;
	prefetch = MAX(PREFETCH_FIRST, reader->ready / CONSUMERS_WANTED);
	prefetch = MIN(prefetch, (uint64_t)reader->prefetch * PREFETCH_GROWTH);
	prefetch = MIN(prefetch, PREFETCH_BYTES / average);
	return (uint32_t)MIN(MAX(prefetch, PREFETCH_MIN), PREFETCH_MAX);
}

static enum outcome
start_consumer(struct dlq_reader *reader, struct failure *failure)
{
	char tag[32];

	reader->prefetch = next_prefetch(reader);
	/* no more than there are: what comes later would only be held */
	if (!reader->follows && reader->ready > reader->given)
		reader->prefetch = (uint32_t)MIN(reader->prefetch, reader->ready - reader->given);
	reader->in_consumer = 0;
	reader->last_ms = clock_mono_ms();
	/* The broker gives letters back in the order of these tags, as long as they are few. */
	snprintf(tag, sizeof(tag), "sluice-%06u", reader->consumers++);
	reader->failed = broker_consume_more(reader->broker, tag, reader->queue,
					     (uint16_t)reader->prefetch, failure) != OUTCOME_DONE;
	return reader->failed ? failure->outcome : OUTCOME_DONE;
}

static enum outcome
count_letters(struct dlq_reader *reader, struct broker *broker, uint32_t *ready,
	      uint32_t *consumers, struct failure *failure)
{
	return broker_declare_queue(broker, reader->queue, true, NULL, 0, ready, consumers,
				    failure);
}

/*
 * How many letters are there? A reader that was closed a moment ago gives its letters back a little
 * later, and so does one that was killed: wait until it is gone and the number stands still, or
 * letters from the middle of the queue would come first.
 */
static enum outcome
count_at_opening(struct dlq_reader *reader, struct failure *failure)
{
	int64_t begin_ms = clock_mono_ms(), asked_ms, waited_ms;
	uint32_t before;
	bool recount, no_answer;

	do {
		before = reader->ready;
		asked_ms = clock_mono_ms();
		if (count_letters(reader, reader->broker, &reader->ready, &reader->other_consumers,
				  failure) != OUTCOME_DONE)
			return failure->outcome;
		/* A queue too busy to answer in time is said to be empty. */
		no_answer = reader->ready == 0 && clock_mono_ms() - asked_ms > NO_ANSWER_MS;
		waited_ms = clock_mono_ms() - begin_ms;
		recount = ((before != reader->ready || no_answer) && waited_ms < STANDSTILL_MS) ||
			  (reader->other_consumers > 0 && waited_ms < OTHER_CONSUMERS_MS);
		if (recount)
			poll(NULL, 0, RECOUNT_MS);
	} while (recount);
	return OUTCOME_DONE;
}

static enum outcome
open_queue(struct dlq_reader *reader, struct failure *failure)
{
	if (broker_open(&reader->broker, reader->settings, BROKER_CONSUME, reader->client_name,
			failure) != OUTCOME_DONE ||
	    count_at_opening(reader, failure) != OUTCOME_DONE ||
	    delivery_limit_check(reader->settings, reader->queue, reader->client_name, failure) !=
		    OUTCOME_DONE)
		return failure->outcome;
	/* A busy queue is counted as empty: so begin even then; ask_for_rest() finds out. */
	return start_consumer(reader, failure);
}

enum outcome
dlq_reader_open(struct dlq_reader **out, const struct broker_settings *settings, const char *queue,
		const char *client_name, struct failure *failure)
{
	struct dlq_reader *reader = xcalloc(1, sizeof(*reader));

	*out = NULL;
	reader->settings = settings;
	reader->unpacker = unpacker_new();
	snprintf(reader->queue, sizeof(reader->queue), "%s", queue);
	snprintf(reader->client_name, sizeof(reader->client_name), "%s", client_name);
	if (open_queue(reader, failure) != OUTCOME_DONE) {
		broker_abandon(&reader->broker);
		unpacker_free(&reader->unpacker);
		free(reader);
		return failure->outcome;
	}
	*out = reader;
	return OUTCOME_DONE;
}

void
dlq_reader_wait(const struct dlq_reader *reader)
{
	struct pollfd watched = {.fd = broker_fd(reader->broker), .events = POLLIN};

	poll(&watched, 1, 50); /* interrupted or not: the caller asks for the next letter */
}

/*
 * The broker's channel holds acknowledgements back while more than 32 of them are on their way to
 * the disk, and forgets those when it is closed: their letters would stay, though they were moved.
 * There is no answer to an acknowledgement; so stay for a while.
 */
static void
await_acks(struct dlq_reader *reader)
{
	int64_t end_ms = reader->last_ack_ms + ACKS_ARRIVE_MS;

	reader->follows = false;
	reader->ended = true;
	while (reader->last_ack_ms != 0 && clock_mono_ms() < end_ms) {
		struct delivery *delivery;
		struct failure failure;
		bool end;

		if (dlq_reader_next(reader, &delivery, &end, &failure) != OUTCOME_DONE) {
			log_warning("%s; some of the letters that left %s may still be there",
				    failure.text, reader->queue);
			return;
		}
		delivery_free(&delivery);
		dlq_reader_wait(reader);
	}
}

void
dlq_reader_close(struct dlq_reader **reader)
{
	if (*reader == NULL)
		return;
	if (!(*reader)->failed)
		await_acks(*reader);
	if ((*reader)->failed)
		broker_abandon(&(*reader)->broker);
	else
		broker_close(&(*reader)->broker);
	unpacker_free(&(*reader)->unpacker);
	free(*reader);
	*reader = NULL;
}

/* --- reading --- */

/* By a connection of its own: an answer would wait behind letters on the other one. */
static enum outcome
count_elsewhere(struct dlq_reader *reader, uint32_t *ready, uint32_t *consumers,
		struct failure *failure)
{
	struct broker *asking;
	enum outcome outcome;

	if (broker_open(&asking, reader->settings, BROKER_ADMIN, reader->client_name, failure) !=
	    OUTCOME_DONE)
		return failure->outcome;
	outcome = count_letters(reader, asking, ready, consumers, failure);
	if (outcome == OUTCOME_DONE)
		broker_close(&asking);
	else
		broker_abandon(&asking);
	return outcome;
}

/* Nothing came for a while: is the rest held by somebody else, or is the broker slow? */
static enum outcome
ask_for_rest(struct dlq_reader *reader, struct failure *failure)
{
	bool is_empty = reader->ready == 0 && reader->given == 0 && !reader->follows;
	uint32_t ready, consumers;

	if (clock_mono_ms() - reader->last_ms < (is_empty ? SILENCE_EMPTY_MS : SILENCE_MS))
		return OUTCOME_DONE;
	reader->last_ms = clock_mono_ms();
	if (count_elsewhere(reader, &ready, &consumers, failure) != OUTCOME_DONE)
		return failure->outcome;
	/* A queue too busy to be counted has 0 of everything in the broker's answer, even of us. */
	if (consumers == 0)
		return OUTCOME_DONE;
	reader->silent_answers = ready == 0 ? reader->silent_answers + 1 : 0;
	reader->ended = reader->silent_answers >= SILENT_ANSWERS;
	return OUTCOME_DONE;
}

static void
count_given(struct dlq_reader *reader, const struct delivery *delivery)
{
	reader->given++;
	reader->in_consumer++;
	reader->bytes += delivery->message.body.len;
	reader->last_ms = clock_mono_ms();
	reader->silent_answers = 0;
}

static enum outcome
next_delivery_event(struct dlq_reader *reader, struct broker_event *event, struct failure *failure)
{
	do {
		reader->failed = broker_next(reader->broker, event, failure) != OUTCOME_DONE;
		if (reader->failed)
			return failure->outcome;
		if (event->kind == BROKER_CANCELLED)
			return failure_set(
				failure, OUTCOME_RETRY, EX_UNAVAILABLE,
				"broker %s: queue %s is gone, or was moved to another node",
				broker_address(reader->broker), reader->queue);
	} while (event->kind != BROKER_NOTHING && event->kind != BROKER_DELIVERY);
	return OUTCOME_DONE;
}

enum outcome
dlq_reader_next(struct dlq_reader *reader, struct delivery **delivery, bool *end,
		struct failure *failure)
{
	struct broker_event event;

	*delivery = NULL;
	if (!reader->follows && reader->ready > 0 && reader->given >= reader->ready)
		reader->ended = true;
	*end = reader->ended && !reader->follows;
	if (!*end && reader->in_consumer >= reader->prefetch &&
	    start_consumer(reader, failure) != OUTCOME_DONE)
		return failure->outcome;
	/* After the end, too: heartbeats are sent from inside. */
	if (next_delivery_event(reader, &event, failure) != OUTCOME_DONE)
		return failure->outcome;
	if (event.kind == BROKER_DELIVERY && *end) {
		delivery_free(&event.delivery); /* came later; goes back with the others */
	} else if (event.kind == BROKER_DELIVERY) {
		count_given(reader, event.delivery);
		/* What cannot be unpacked stays as it is: message.content_encoding says so. */
		(void)!delivery_unpack(event.delivery, reader->unpacker);
		*delivery = event.delivery;
	} else if (!*end) {
		return ask_for_rest(reader, failure);
	}
	return OUTCOME_DONE;
}

void
dlq_reader_follow(struct dlq_reader *reader)
{
	reader->follows = true;
}

enum outcome
dlq_reader_ack(struct dlq_reader *reader, uint64_t tag, struct failure *failure)
{
	reader->last_ack_ms = clock_mono_ms();
	reader->failed = broker_ack(reader->broker, tag, false, failure) != OUTCOME_DONE;
	return reader->failed ? failure->outcome : OUTCOME_DONE;
}

uint32_t
dlq_reader_missing(const struct dlq_reader *reader)
{
	return reader->ended && reader->given < reader->ready
		       ? (uint32_t)(reader->ready - reader->given)
		       : 0;
}

bool
dlq_reader_has_other_consumers(const struct dlq_reader *reader)
{
	return reader->other_consumers > 0;
}

void
dlq_reader_preserve_order(struct dlq_reader *reader)
{
	int64_t end_ms = clock_mono_ms() + PRESERVE_ORDER_MS;
	struct failure failure;
	bool end = reader->ready > PRESERVE_ORDER_LETTERS;

	while (!end && clock_mono_ms() < end_ms) {
		struct delivery *delivery;

		if (dlq_reader_next(reader, &delivery, &end, &failure) != OUTCOME_DONE)
			return;
		if (delivery == NULL && !end)
			dlq_reader_wait(reader);
		delivery_free(&delivery);
	}
}

/* --- all of it --- */

enum outcome
dlq_reader_each(const struct broker_settings *settings, const char *queue, const char *client_name,
		dlq_reader_fn *visit, void *context, uint32_t *missing, struct failure *failure)
{
	struct dlq_reader *reader;
	struct delivery *delivery;
	enum outcome outcome;
	bool end = false, more = true;

	outcome = dlq_reader_open(&reader, settings, queue, client_name, failure);
	while (outcome == OUTCOME_DONE && more && !end) {
		outcome = dlq_reader_next(reader, &delivery, &end, failure);
		if (outcome != OUTCOME_DONE || end)
			break;
		if (delivery == NULL)
			dlq_reader_wait(reader);
		else
			more = visit(context, delivery);
		delivery_free(&delivery);
	}
	if (missing != NULL)
		*missing = reader != NULL ? dlq_reader_missing(reader) : 0;
	dlq_reader_close(&reader);
	return outcome;
}
