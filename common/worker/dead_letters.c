/* SPDX-License-Identifier: MIT */
/*
 * dead_letters.c - rejected lines to the dead-letter exchange.
 *
 * Lines go out in windows of WINDOW_LINES; the next window starts when each line of this one is
 * confirmed. What is nacked, returned or in flight when the connection breaks goes out again; what
 * was confirmed does not.
 */
#include "common/worker/dead_letters.h"
#include "common/base/clock.h"
#include "common/base/fault.h"
#include "common/base/log.h"
#include "common/broker/topology.h"
#include "common/broker/broker_publish.h"
#include "common/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	WINDOW_LINES = 128,
	WINDOW_BYTES = 1 << 20, /* so that a broker that stops reading cannot block us in a write */
};

/* One line in flight. */
struct letter {
	char message_id[MESSAGE_ID_SIZE];
	uint64_t tag;
	bool returned, confirmed;
};

struct dead_letters {
	struct process *process;
	const char *stage, *queue, *worker;
	struct keepalive keepalive;
	struct broker *broker;
	struct outage outage;
	struct letter letters[WINDOW_LINES];
};

struct dead_letters *
dead_letters_new(struct process *process, const char *stage, const char *queue, const char *worker,
		 const struct keepalive *keepalive)
{
	struct dead_letters *dead = xcalloc(1, sizeof(*dead));

	dead->process = process;
	dead->stage = stage;
	dead->queue = queue;
	dead->worker = worker;
	dead->keepalive = *keepalive;
	dead->outage.backoff.min_ms = process->settings->broker.retry_min_ms;
	dead->outage.backoff.max_ms = process->settings->broker.retry_max_ms;
	return dead;
}

void
dead_letters_free(struct dead_letters **dead)
{
	if (*dead == NULL)
		return;
	broker_close(&(*dead)->broker);
	free(*dead);
	*dead = NULL;
}

static enum outcome
dead_letters_connect_broker(struct dead_letters *dead, struct failure *failure)
{
	const struct settings *settings = dead->process->settings;
	char name[128];

	if (dead->broker != NULL)
		return OUTCOME_DONE;
	snprintf(name, sizeof(name), "%s dead letters", dead->worker);
	if (broker_open(&dead->broker, &settings->broker, BROKER_PUBLISH, name, failure) ==
		    OUTCOME_DONE &&
	    topology_assert(dead->broker, settings, failure) != OUTCOME_DONE)
		broker_abandon(&dead->broker);
	return dead->broker != NULL ? OUTCOME_DONE : failure->outcome;
}

static struct message
make_message(const struct dead_letters *dead, const struct rejected_line *rejected,
	     const char *message_id)
{
	const struct delivery *delivery = rejected->from.delivery;
	struct message message = delivery->message; /* file, format, retries go along */
	int64_t now_s = clock_wall_ms() / 1000;

	message.body = rejected->from.line;
	message.message_id = span_of(message_id);
	if (message.offset >= 0)
		message.offset += (int64_t)rejected->from.offset_in_body;
	message.lines = 1;
	message.stage = span_of(dead->stage);
	message.reason = span_of(reason_name(rejected->reason));
	message.detail = span_of(rejected->detail);
	message.attempts = delivery->delivery_count + 1;
	message.first_failed_s = message.first_failed_s > 0 ? message.first_failed_s : now_s;
	message.last_failed_s = now_s;
	message.worker = span_of(dead->worker);
	return message;
}

static enum outcome
publish_window(struct dead_letters *dead, const struct rejected_line *lines, size_t count,
	       struct failure *failure)
{
	for (size_t i = 0; i < count; i++) {
		struct letter *letter = &dead->letters[i];
		struct message message;

		if (letter->confirmed)
			continue;
		letter->returned = false;
		message = make_message(dead, &lines[i], letter->message_id);
		if (broker_publish(dead->broker, TOPOLOGY_DEAD_EXCHANGE, dead->queue, &message,
				   &letter->tag, failure) != OUTCOME_DONE)
			return failure->outcome;
		status_beat(dead->process->status);
	}
	return OUTCOME_DONE;
}

/* What an ack or nack says of the letters in flight; returns how many it names. */
static size_t
dead_letters_confirm(struct dead_letters *dead, size_t count, const struct broker_event *event)
{
	size_t named = 0;

	for (size_t i = 0; i < count; i++) {
		struct letter *letter = &dead->letters[i];

		if (letter->confirmed || letter->tag == 0 || letter->tag > event->tag ||
		    (!event->multiple && letter->tag != event->tag))
			continue;
		letter->tag = 0;
		letter->confirmed = event->kind == BROKER_ACKED && !letter->returned;
		named++;
	}
	return named;
}

static void
dead_letters_note_return(struct dead_letters *dead, size_t count, const struct broker_event *event)
{
	for (size_t i = 0; i < count; i++)
		if (span_equals(event->delivery->message.message_id,
				span_of(dead->letters[i].message_id)))
			dead->letters[i].returned = true;
}

/* Nothing is lost by it, but somebody should know why nothing moves. */
static void
note_alarm(struct dead_letters *dead, const char *why)
{
	char text[400] = "";

	if (broker_is_blocked(dead->broker)) {
		snprintf(text, sizeof(text), "broker %s does not take dead letters now: %s",
			 broker_address(dead->broker), why);
		log_warning("%s", text);
	} else {
		log_info("broker %s takes dead letters again", broker_address(dead->broker));
	}
	status_set_error(dead->process->status, text);
}

/* Take all events there are; DONE when the connection still works. */
static enum outcome
dead_letters_read_events(struct dead_letters *dead, size_t count, size_t *open,
			 struct failure *failure)
{
	struct broker_event event;

	do {
		if (broker_next(dead->broker, &event, failure) != OUTCOME_DONE)
			return failure->outcome;
		if (event.kind == BROKER_ACKED || event.kind == BROKER_NACKED)
			*open -= dead_letters_confirm(dead, count, &event);
		else if (event.kind == BROKER_RETURNED)
			dead_letters_note_return(dead, count, &event);
		else if (event.kind == BROKER_ALARM)
			note_alarm(dead, event.text);
		delivery_free(&event.delivery);
	} while (event.kind != BROKER_NOTHING);
	return OUTCOME_DONE;
}

/* Wait for confirms. */
static bool
wait_and_serve(struct dead_letters *dead)
{
	struct keepalive *p = &dead->keepalive;
	struct pollfd watched[2] = {
		{.fd = p->fd(p->context), .events = POLLIN},
		{.fd = broker_fd(dead->broker), .events = POLLIN},
	};

	process_wait(dead->process, watched, ARRAY_LEN(watched), 1000);
	return !dead->process->stop_now && p->serve(p->context);
}

/*
 * One try at a window: DONE when every line of it is confirmed. *interrupted: give up altogether.
 */
static enum outcome
try_window(struct dead_letters *dead, const struct rejected_line *lines, size_t count,
	   bool *interrupted, struct failure *failure)
{
	size_t open = 0, missing = 0;

	if (dead_letters_connect_broker(dead, failure) != OUTCOME_DONE)
		return failure->outcome;
	for (size_t i = 0; i < count; i++)
		open += !dead->letters[i].confirmed;
	if (publish_window(dead, lines, count, failure) != OUTCOME_DONE) {
		broker_abandon(&dead->broker);
		return failure->outcome;
	}
	while (open > 0) {
		if (dead_letters_read_events(dead, count, &open, failure) != OUTCOME_DONE) {
			broker_abandon(&dead->broker);
			return failure->outcome;
		}
		if (open > 0 && !wait_and_serve(dead)) {
			*interrupted = true;
			return OUTCOME_RETRY;
		}
	}
	for (size_t i = 0; i < count; i++)
		missing += !dead->letters[i].confirmed;
	if (missing == 0)
		return OUTCOME_DONE;
	/* Refused or unroutable: a new connection asserts the topology again. */
	failure_set(failure, OUTCOME_RETRY, EX_UNAVAILABLE,
		    "broker %s: %zu dead letters were refused or found no queue",
		    broker_address(dead->broker), missing);
	broker_close(&dead->broker);
	return OUTCOME_RETRY;
}

static enum outcome
dead_letters_publish_window(struct dead_letters *dead, const struct rejected_line *lines,
			    size_t count)
{
	for (unsigned tries = 1;; tries++) {
		struct failure failure;
		bool interrupted = false;

		for (size_t i = 0; i < count; i++)
			dead->letters[i].tag = 0;
		if (try_window(dead, lines, count, &interrupted, &failure) == OUTCOME_DONE) {
			outage_over(&dead->outage, "dead letters are taken", dead->process->status);
			return OUTCOME_DONE;
		}
		if (interrupted ||
		    !retry_wait(&dead->keepalive, dead->process, &dead->outage, &failure, tries))
			return OUTCOME_RETRY;
	}
}

enum outcome
dead_letters_publish(struct dead_letters *dead, const struct rejected_line *lines, size_t count)
{
	if (count > 0)
		FAULT_POINT("worker.before_publish_dead");
	for (size_t done = 0; done < count;) {
		size_t window = 0, bytes = 0;

		while (done + window < count && window < WINDOW_LINES &&
		       (window == 0 ||
			bytes + lines[done + window].from.line.len <= WINDOW_BYTES)) {
			struct letter *letter = &dead->letters[window];

			*letter = (struct letter){.tag = 0};
			message_line_id(&lines[done + window].from.delivery->message,
					lines[done + window].from.offset_in_body,
					letter->message_id);
			bytes += lines[done + window].from.line.len;
			window++;
		}
		if (dead_letters_publish_window(dead, lines + done, window) != OUTCOME_DONE)
			return OUTCOME_RETRY;
		for (size_t i = 0; i < window; i++)
			status_add_rejected(dead->process->status, lines[done + i].reason);
		done += window;
		status_add(dead->process->status, COUNTER_LINES_REJECTED, window);
	}
	if (count > 0)
		FAULT_POINT("worker.after_dead_letter");
	return OUTCOME_DONE;
}

void
dead_letters_keep_alive(struct dead_letters *dead)
{
	struct failure failure;
	size_t open = 0;

	if (dead->broker != NULL &&
	    dead_letters_read_events(dead, 0, &open, &failure) != OUTCOME_DONE)
		broker_abandon(&dead->broker);
}
