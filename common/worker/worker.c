/* SPDX-License-Identifier: MIT */
/*
 * worker.c - the skeleton of a worker.
 *
 * One thread, one place to wait (process_wait). While the database or the dead letters are waited
 * for, serve() keeps the consuming connection alive; deliveries that come in then only join the
 * batch's list, which the prefetch bounds.
 */
#include "common/worker/worker.h"
#include "common/base/clock.h"
#include "common/worker/dead_letters.h"
#include "common/base/fault.h"
#include "common/base/log.h"
#include "common/process/outage.h"
#include "common/process/process.h"
#include "common/worker/queue_watch.h"
#include "common/worker/store.h"
#include "common/broker/topology.h"
#include "common/broker/broker_consume.h"
#include "common/broker/broker_errors.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Commits of a worker are at least this far apart. Without it a busy queue whose messages trickle
 * in makes a transaction of every few lines; with it a lone line still is in its table at once.
 */
enum { COMMIT_SPACING_MS = 10 };

enum {
	CANCEL_ASK_MS = 1000,	  /* between the two questions of note_depth() */
	CANCEL_IN_HAND_MS = 5000, /* in hand for less: that is no reason to cancel a consumer */
};

/*
 * After a death with lines in hand (suspects.h) a new worker takes one message at a time, so many
 * times: if there is another death, the message is known, and the broker counts it for one message.
 */
enum {
	CAREFUL_MESSAGES = 512,
	CAREFUL_REFUSALS =
		6, /* the only message is refused so often: others are needed to judge it */
};

struct worker {
	struct process process;
	const struct worker_ops *ops;
	const struct stage *stage;
	const struct worker_settings *limits;
	void *state;	/* of the role */
	char name[160]; /* "lake/0@host" */
	struct broker *broker;
	struct batch *batch;
	struct store *store;
	struct dead_letters *dead;
	struct outage broker_outage, database_outage;
	bool was_ready;
	bool draining;	    /* the consumer is cancelled */
	int careful;	    /* so many messages more are taken one at a time */
	bool paused;	    /* so it is, because sluiced says so */
	bool was_slow;	    /* when it was cancelled, a message had been in hand for a while */
	unsigned cancelled; /* the broker cancelled the consumer; 2: the queue was there after it */
	bool rescuing;	    /* the queue is gone, the connection too: see rescue() */
	int64_t queue_due_ms;	/* when the queue's depth is asked for again */
	int64_t batch_since_ms; /* when the first line of the batch came in; 0 = it is empty */
	int64_t committed_ms;
	int64_t in_hand_since_ms; /* when the oldest message in hand was taken, or an answer given after it */
	struct failure broken; /* why the broker connection was given up */
};

/* --- the consuming connection --- */

static void
fail_deleted(struct worker *worker)
{
	failure_set(&worker->broken, OUTCOME_RETRY, EX_UNAVAILABLE,
		    "broker %s: queue %s was deleted", broker_address(worker->broker),
		    worker->stage->queue);
	worker->broken.code = AMQP_CODE_NOT_FOUND;
}

/*
 * The broker cancels a consumer when its queue is deleted, and RabbitMQ 4.3 also when it has waited
 * too long for an answer. Asking for the queue tells, but one that is being deleted may still be
 * there for a moment, so it is asked twice; and another worker may have made it again, so that only
 * a message that has been in hand for a while is taken for the cause.
 */
static bool
note_depth(struct worker *worker, const struct broker_event *event)
{
	queue_watch_note_depth(worker->process.status, event, worker->stage);
	if (worker->cancelled == 0 || strcmp(event->text, worker->stage->queue) != 0)
		return true;
	if (worker->cancelled++ == 1) {
		worker->queue_due_ms = clock_mono_ms() + CANCEL_ASK_MS;
		return true;
	}
	if (!worker->was_slow) {
		fail_deleted(worker);
		return false;
	}
	failure_set(&worker->broken, OUTCOME_RETRY, EX_UNAVAILABLE,
		    "broker %s: cancelled the consumer of queue %s, which is there: was a message "
		    "in hand longer than the broker's consumer timeout?",
		    broker_address(worker->broker), worker->stage->queue);
	return false;
}

/*
 * Read one event; *more: there may be another. False: the connection is lost, worker->broken says
 * why.
 */
static bool
receive_one(struct worker *worker, bool *more)
{
	struct broker_event event;

	if (broker_next(worker->broker, &event, &worker->broken) != OUTCOME_DONE) {
		if (worker->cancelled > 0 && worker->broken.code == AMQP_CODE_NOT_FOUND)
			fail_deleted(worker);
		return false;
	}
	*more = event.kind != BROKER_NOTHING;
	if (event.kind == BROKER_DELIVERY && !batch_window_is_full(worker->batch)) {
		/* an empty one is a check of the producer's (binding_check.h) */
		status_add(worker->process.status, COUNTER_FRAMES_IN,
			   event.delivery->message.body.len > 0);
		queue_watch_note_delivery(worker->process.status, event.delivery);
		if (batch_in_hand(worker->batch) == 0)
			worker->in_hand_since_ms = clock_mono_ms();
		batch_add_delivery(worker->batch, event.delivery);
		return true;
	}
	delivery_free(&event.delivery);
	if (event.kind == BROKER_DEPTH)
		return note_depth(worker, &event);
	if (event.kind == BROKER_CANCELLED) {
		worker->cancelled = 1;
		worker->was_slow = batch_in_hand(worker->batch) > 0 &&
				   clock_mono_ms() - worker->in_hand_since_ms >= CANCEL_IN_HAND_MS;
		worker->queue_due_ms = 0;
	} else if (event.kind == BROKER_DELIVERY) {
		failure_set(&worker->broken, OUTCOME_RETRY, EX_PROTOCOL,
			    "broker %s: sends more than the prefetch",
			    broker_address(worker->broker));
	}
	return event.kind != BROKER_DELIVERY;
}

/*
 * Make rows of what comes in until the batch has to be written or nothing more is there; *all:
 * no line is left. What a full batch does not need stays in the socket: read now it would only wait
 * in our memory.
 */
static bool
receive_rows(struct worker *worker, bool *all)
{
	bool more = true;

	/* first the rest of a frame that the last batch had no room for */
	*all = batch_fill(worker->batch);
	while (more && *all && !batch_is_full(worker->batch)) {
		if (!receive_one(worker, &more))
			return false;
		*all = batch_fill(worker->batch);
	}
	return queue_watch_poll(worker->process.status, worker->broker, worker->stage,
				batch_in_hand(worker->batch), &worker->queue_due_ms,
				&worker->broken) == OUTCOME_DONE;
}

static int
worker_keepalive_fd(void *context)
{
	const struct worker *worker = context;

	if (worker->rescuing)
		return -1;
	/* a full window gets only heartbeats, and process_wait wakes often enough for those */
	return batch_window_is_full(worker->batch) ? -1 : broker_fd(worker->broker);
}

static bool
worker_keepalive_serve(void *context)
{
	struct worker *worker = context;
	bool more = true;

	/* while a lost queue's messages are rescued there is no connection to serve */
	while (more && !worker->rescuing) {
		if (!receive_one(worker, &more))
			return false;
		if (!batch_is_over_memory(worker->batch))
			continue;
		failure_set(&worker->broken, OUTCOME_RETRY, EX_UNAVAILABLE,
			    "broker %s: the messages in hand are more than %d MiB, and they cannot "
			    "be written now: giving them back",
			    broker_address(worker->broker), BATCH_HELD_BYTES >> 20);
		return false;
	}
	/* it has not killed us, and no other comes as long as it is in hand */
	if (worker->careful > 0 && !worker->draining && !worker->rescuing &&
	    store_refusals(worker->store) >= CAREFUL_REFUSALS) {
		worker->careful = 0;
		failure_set(
			&worker->broken, OUTCOME_RETRY, EX_UNAVAILABLE,
			"the database refuses every line of the only message in hand: taking "
			"as many messages at a time as always, to tell whether the lines are at "
			"fault");
		return false;
	}
	/* why it was cancelled is worth knowing now, not when the database answers again */
	return worker->cancelled == 0 || worker->rescuing ||
	       queue_watch_poll(worker->process.status, worker->broker, worker->stage,
				batch_in_hand(worker->batch), &worker->queue_due_ms,
				&worker->broken) == OUTCOME_DONE;
}

/* --- connecting --- */

static enum outcome
start_consuming(struct worker *worker, struct failure *failure)
{
	uint16_t prefetch = worker->careful > 0 ? 1 : (uint16_t)worker->limits->prefetch;

	return broker_consume(worker->broker, worker->stage->queue, prefetch, failure);
}

static enum outcome
worker_connect_broker(struct worker *worker, struct failure *failure)
{
	const struct settings *settings = worker->process.settings;

	worker->paused = status_pause_wanted(worker->process.status);
	worker->queue_due_ms = 0;
	worker->cancelled = 0;
	if (broker_open(&worker->broker, &settings->broker, BROKER_CONSUME, worker->name,
			failure) == OUTCOME_DONE &&
	    topology_assert(worker->broker, settings, failure) == OUTCOME_DONE &&
	    (worker->paused || start_consuming(worker, failure) == OUTCOME_DONE))
		return OUTCOME_DONE;
	broker_abandon(&worker->broker);
	return failure->outcome;
}

/* One failed try: at the start a FATAL one ends the program, else wait. */
static void
wait_or_give_up(struct worker *worker, struct outage *outage, const struct failure *failure)
{
	int64_t wait_ms;

	if (failure->outcome == OUTCOME_FATAL && !worker->was_ready) {
		status_set_error(worker->process.status, failure->text);
		fatal_exit(failure->exit_code, "%s", failure->text);
	}
	wait_ms = outage_note(outage, failure, worker->process.status);
	process_pause(&worker->process, wait_ms, -1, NULL, NULL);
}

/*
 * Database first: without it there is no use in taking messages. Returns false when told to stop.
 */
static bool
connect_all(struct worker *worker)
{
	struct process *process = &worker->process;
	struct failure failure;

	while (!process->stop) {
		if (store_connect(worker->store, &failure) != OUTCOME_DONE) {
			wait_or_give_up(worker, &worker->database_outage, &failure);
			continue;
		}
		outage_over(&worker->database_outage, "the database answers", process->status);
		if (worker_connect_broker(worker, &failure) != OUTCOME_DONE) {
			wait_or_give_up(worker, &worker->broker_outage, &failure);
			continue;
		}
		outage_over(&worker->broker_outage, "the broker answers", process->status);
		if (!worker->was_ready)
			log_info("ready: queue %s at broker %s into %s at database %s (%s)",
				 worker->stage->queue, broker_address(worker->broker),
				 worker->ops->table->name, store_address(worker->store),
				 store_way(worker->store));
		worker->was_ready = true;
		status_set_error(process->status, "");
		status_set_report(process->status, REPORT_READY);
		return true;
	}
	return false;
}

/* --- writing a batch --- */

/* True at the end of being careful: a new connection gets the full prefetch. */
static bool
careful_is_over(struct worker *worker)
{
	if (worker->careful == 0 || worker->draining || --worker->careful > 0)
		return false;
	log_info("%d messages went well: taking as many at a time as always", CAREFUL_MESSAGES);
	broker_close(&worker->broker);
	return true;
}

/*
 * Rows committed, dead letters confirmed, then the acknowledgement. False: give the connection up.
 */
static bool
worker_flush(struct worker *worker)
{
	const struct rejected_line *rejected;
	int64_t begin_ms = clock_mono_ms();
	size_t count;
	uint64_t tag;

	worker->broken.text[0] = '\0';
	batch_show_in_hand(worker->batch);
	if (store_batch(worker->store, worker->batch) != OUTCOME_DONE)
		return false;
	FAULT_POINT("worker.after_commit");
	/* now: it may have taken in more meanwhile */
	status_add(worker->process.status, COUNTER_LINES_IN, batch_line_count(worker->batch));
	status_add(worker->process.status, COUNTER_BYTES_IN, batch_byte_count(worker->batch));
	rejected = batch_rejected(worker->batch, &count);
	if (dead_letters_publish(worker->dead, rejected, count) != OUTCOME_DONE)
		return false;
	tag = batch_ack_tag(worker->batch);
	if (tag != 0 && !worker->rescuing &&
	    broker_ack(worker->broker, tag, true, &worker->broken) != OUTCOME_DONE)
		return false;
	queue_watch_note_batch(worker->process.status, worker->batch, clock_mono_ms() - begin_ms);
	batch_finish(worker->batch);
	worker->batch_since_ms = 0;
	worker->committed_ms = clock_mono_ms();
	worker->in_hand_since_ms = worker->committed_ms; /* of the rest: at least almost */
	return tag == 0 || !careful_is_over(worker);
}

/* How long the batch may still wait for more lines; 0 = write it now. */
static int64_t
batch_may_wait_ms(const struct worker *worker, int64_t now)
{
	int64_t spacing = worker->committed_ms + COMMIT_SPACING_MS - now;
	int64_t age = worker->batch_since_ms + worker->limits->batch_ms - now;

	if (worker->draining || worker->careful > 0 || batch_is_full(worker->batch) ||
	    batch_window_is_full(worker->batch))
		return 0;
	return MAX(0, MIN(spacing, age));
}

/* --- the loop --- */

static bool
start_draining(struct worker *worker)
{
	worker->draining = true;
	status_set_report(worker->process.status, REPORT_DRAINING);
	return worker->paused || broker_cancel(worker->broker, &worker->broken) == OUTCOME_DONE;
}

/* A pause cancels the consumer; what is in hand is still written and acknowledged. */
static bool
worker_apply_pause(struct worker *worker)
{
	bool wanted = status_pause_wanted(worker->process.status);

	if (wanted == worker->paused || worker->draining)
		return true;
	worker->paused = wanted;
	if (wanted) {
		log_info("paused: no more is taken from queue %s", worker->stage->queue);
		return broker_cancel(worker->broker, &worker->broken) == OUTCOME_DONE;
	}
	log_info("resumed");
	return start_consuming(worker, &worker->broken) == OUTCOME_DONE;
}

/*
 * One turn: read what is there, make rows, write them when it is time, else wait. False when the
 * connection is lost or all is done.
 */
static bool
worker_turn(struct worker *worker)
{
	struct pollfd watched = {.fd = -1, .events = POLLIN};
	int64_t now, wait_ms = 1000;
	bool all;

	if (worker->process.stop_now ||
	    (worker->process.stop && !worker->draining && !start_draining(worker)))
		return false;
	if (!worker_apply_pause(worker) || !receive_rows(worker, &all))
		return false;
	now = clock_mono_ms();
	if (!batch_is_empty(worker->batch)) {
		if (worker->batch_since_ms == 0)
			worker->batch_since_ms = now;
		wait_ms = all ? batch_may_wait_ms(worker, now) : 0;
		if (wait_ms == 0)
			return worker_flush(worker);
	} else if (worker->draining) {
		return false;
	} else {
		status_set_paused(worker->process.status, worker->paused);
	}
	watched.fd = broker_fd(worker->broker);
	process_wait(&worker->process, &watched, 1, wait_ms);
	dead_letters_keep_alive(worker->dead);
	return true;
}

/*
 * The queue was deleted, and with it every copy of the messages in hand but ours: nobody will
 * deliver them again. They are stored as ever; only the acknowledgement has no addressee any more.
 */
static void
rescue(struct worker *worker)
{
	const struct failure broken = worker->broken;
	bool is_deleted = broken.code == AMQP_CODE_NOT_FOUND;

	log_warning("%s %s %s: storing what was taken from it before",
		    is_deleted ? "queue" : "the consumer of queue", worker->stage->queue,
		    is_deleted ? "is gone" : "was cancelled");
	worker->rescuing = true;
	broker_abandon(&worker->broker);
	do
		batch_fill(worker->batch);
	while (!batch_is_empty(worker->batch) && worker_flush(worker));
	worker->rescuing = false;
	worker->broken = broken;
}

static void
worker_run(struct worker *worker)
{
	worker->broken = (struct failure){.outcome = OUTCOME_DONE};
	while (worker_turn(worker))
		status_beat(worker->process.status);
	/* stored twice is once: whatever the reason, nothing of it is given up */
	if ((worker->broken.code == AMQP_CODE_NOT_FOUND || worker->cancelled > 0) &&
	    batch_in_hand(worker->batch) > 0)
		rescue(worker);
	if (worker->draining || worker->process.stop) {
		broker_close(&worker->broker);
		batch_drop(worker->batch);
		return;
	}
	/* The connection is spent: what was delivered on it will be delivered once more. */
	broker_abandon(&worker->broker);
	batch_drop(worker->batch);
	worker->batch_since_ms = 0;
	if (worker->broken.text[0] != '\0') {
		int64_t wait_ms = outage_note(&worker->broker_outage, &worker->broken,
					      worker->process.status);

		process_pause(&worker->process, wait_ms, -1, NULL, NULL);
	}
}

/* Has a worker died of something that may come once more? */
static void
start_carefully(struct worker *worker)
{
	struct suspects suspects = {0};
	uint32_t sequence = 0;

	status_read_suspects(worker->process.status, &sequence, &suspects);
	if (!suspects_expire(&suspects, clock_mono_ms()))
		return;
	worker->careful = CAREFUL_MESSAGES;
	log_warning("workers died with lines in hand: taking one message at a time for the next %d",
		    CAREFUL_MESSAGES);
}

static void
set_up(struct worker *worker, const struct worker_ops *ops)
{
	const struct settings *settings = worker->process.settings;
	struct keepalive keepalive = {
		.fd = worker_keepalive_fd, .serve = worker_keepalive_serve, .context = worker};
	const struct stage *stage = &stage_table[ops->stage];
	struct batch_limits limits;
	char host[64] = "";

	gethostname(host, sizeof(host) - 1);
	snprintf(worker->name, sizeof(worker->name), "%s@%s", worker->process.name, host);
	worker->ops = ops;
	worker->stage = stage;
	worker->limits = stage_settings(ops->stage, settings);
	worker->state = ops->open != NULL ? ops->open(settings) : NULL;
	limits = (struct batch_limits){
		.rows = (size_t)worker->limits->batch_rows,
		.deliveries = (size_t)worker->limits->prefetch,
		.max_line_bytes = (size_t)settings->producer.max_line_bytes,
		.position = settings->identity == IDENTITY_POSITION,
		.status = worker->process.status,
	};
	start_carefully(worker);
	worker->batch = batch_new(ops->table, &limits, ops->fill, worker->state);
	worker->store =
		store_new(&worker->process, ops->table, limits.rows, ops->compare, &keepalive);
	worker->dead = dead_letters_new(&worker->process, stage->name, stage->queue, worker->name,
					&keepalive);
	worker->broker_outage.backoff = (struct backoff){.min_ms = settings->broker.retry_min_ms,
							 .max_ms = settings->broker.retry_max_ms};
	worker->database_outage.backoff =
		(struct backoff){.min_ms = settings->database.retry_min_ms,
				 .max_ms = settings->database.retry_max_ms};
}

int
worker_main(int argc, char **argv, const struct worker_ops *ops)
{
	const struct stage *stage = &stage_table[ops->stage];
	const struct process_description description = {
		.role = stage->name, .program = stage->program, .purpose = ops->purpose};
	struct worker worker = {.ops = ops};

	process_start(&worker.process, &description, argc, argv);
	set_up(&worker, ops);
	while (connect_all(&worker))
		worker_run(&worker);
	log_info("stopped");
	dead_letters_free(&worker.dead);
	store_free(&worker.store);
	batch_free(&worker.batch);
	if (ops->close != NULL)
		ops->close(worker.state);
	settings_free(&worker.process.settings);
	return EX_OK;
}
