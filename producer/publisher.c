/* SPDX-License-Identifier: MIT */
/*
 * publisher.c - publishing, and what the broker says to it.
 */
#include "producer/publisher.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/broker/broker_publish.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BURST = 16 }; /* frames published between two looks at what the broker says */

#define CLIENT_NAME "sluice-" /* and the sender, for the broker's own tools */

static void
publisher_window_init(struct publisher *publisher)
{
	const struct settings *settings = publisher->process->settings;

	window_init(&publisher->window, (size_t)settings->producer.window_frames,
		    PUBLISHER_WINDOW_BYTES);
}

void
publisher_init(struct publisher *publisher, struct process *process)
{
	const struct settings *settings = process->settings;
	char host[256] = "localhost";

	gethostname(host, sizeof(host) - 1);
	*publisher = (struct publisher){.process = process};
	snprintf(publisher->client_name, sizeof(publisher->client_name), CLIENT_NAME "%s@%s",
		 process->name, host);
	publisher->sender = publisher->client_name + sizeof(CLIENT_NAME) - 1;
	publisher_window_init(publisher);
	connection_init(&publisher->connection, process, publisher->client_name);
	congestion_init(&publisher->congestion, publisher->window.capacity,
			settings->broker.retry_min_ms, settings->broker.retry_max_ms);
	binding_watch_init(&publisher->bindings, process);
}

void
publisher_close(struct publisher *publisher, bool abrupt)
{
	connection_close(&publisher->connection, abrupt);
	window_clear(&publisher->window);
	binding_watch_free(&publisher->bindings);
	frame_message_free(&publisher->message);
}

void
publisher_restart(struct publisher *publisher)
{
	connection_close(&publisher->connection, false);
	congestion_disconnected(&publisher->congestion);
	window_clear(&publisher->window);
	publisher_window_init(publisher);
}

int
publisher_fd(const struct publisher *publisher)
{
	const struct broker *broker = publisher->connection.broker;

	return broker != NULL ? broker_fd(broker) : -1;
}

/* --- the connection comes and goes --- */

/*
 * The connection has failed, or cannot be made: all that is not confirmed goes out again on the
 * next one.
 */
static void
publisher_lose_connection(struct publisher *publisher, const struct failure *failure)
{
	bool told = connection_lost(&publisher->connection, failure);

	window_lost(&publisher->window);
	congestion_disconnected(&publisher->congestion);
	if (told && publisher->window.waiting > 0)
		log_info("%zu unconfirmed message%s: sent again then", publisher->window.waiting,
			 PLURAL(publisher->window.waiting));
}

static void
publisher_connect(struct publisher *publisher)
{
	struct failure failure;

	if (connection_open(&publisher->connection, &failure) != OUTCOME_DONE) {
		publisher_lose_connection(publisher, &failure);
		return;
	}
	congestion_connected(&publisher->congestion);
	binding_check_connected(&publisher->bindings.check);
	status_set_error(publisher->process->status, publisher->full_text);
}

/*
 * A channel of RabbitMQ 3.10 can go on refusing for a quorum queue that has room again (its limit
 * was raised, say). A new connection asks the queue itself.
 */
static void
renew_refused(struct publisher *publisher, int64_t now_ms)
{
	struct failure failure;

	if (publisher->connection.broker == NULL ||
	    !congestion_wants_renewal(&publisher->congestion, now_ms))
		return;
	failure_set(&failure, OUTCOME_RETRY, EX_UNAVAILABLE,
		    "broker %s: it has refused messages for %d s (a queue is full?): asking again "
		    "on a new connection",
		    broker_address(publisher->connection.broker), CONGESTION_RENEW_MS / 1000);
	publisher_lose_connection(publisher, &failure);
	/* The cause is still the full queue; the new connection is only a way to ask. */
	status_set_error(publisher->process->status, publisher->full_text);
}

static void
publisher_keep_connection(struct publisher *publisher, int64_t now_ms)
{
	struct failure failure;

	if (connection_is_due(&publisher->connection, now_ms))
		publisher_connect(publisher);
	else if (connection_assert_topology(&publisher->connection, now_ms, &failure) !=
		 OUTCOME_DONE)
		publisher_lose_connection(publisher, &failure);
	renew_refused(publisher, now_ms);
}

/* Send the messages of a check of the bindings when one is due. */
static unsigned
publisher_ask(struct publisher *publisher, int64_t now_ms)
{
	struct failure failure;

	if (!connection_takes(&publisher->connection) ||
	    now_ms < binding_check_due_ms(&publisher->bindings.check))
		return 0;
	if (binding_watch_ask(&publisher->bindings, publisher->connection.broker, now_ms,
			      &failure) != OUTCOME_DONE)
		publisher_lose_connection(publisher, &failure);
	return PUBLISHER_ASKED;
}

/* --- what the broker says --- */

/* Some frames have to go out again: not at once, and carefully. */
static void
publisher_refused(struct publisher *publisher, const char *why)
{
	int64_t now_ms = clock_mono_ms();

	if (alert_raise(&publisher->refused, &alert_every_minute, 0, now_ms))
		log_warning("%s; it is sent again until it is taken", why);
	congestion_refused(&publisher->congestion, now_ms);
}

/* A nack does not say which queue is full, but a check goes to one alone. */
static void
note_full(struct publisher *publisher, int64_t now_ms)
{
	const struct broker *broker = publisher->connection.broker;
	const char *full = publisher->bindings.check.full;
	char text[sizeof(publisher->full_text)];

	if (broker == NULL || !congestion_is_lasting(&publisher->congestion, now_ms))
		return;
	if (full != NULL)
		snprintf(text, sizeof(text),
			 "broker %s: queue %s is full and refuses messages; they are sent again "
			 "until it takes them",
			 broker_address(broker), full);
	else
		snprintf(text, sizeof(text),
			 "broker %s: it refuses messages: a queue is full, see sluicectl queues; "
			 "they are sent again until it takes them",
			 broker_address(broker));
	if (strcmp(publisher->full_text, text) == 0)
		return;
	memcpy(publisher->full_text, text, sizeof(text));
	status_set_error(publisher->process->status, text);
}

static void
on_acked(struct publisher *publisher, const struct broker_event *event)
{
	struct window_change change = window_acked(&publisher->window, event->tag, event->multiple);
	struct status_page *status = publisher->process->status;
	int64_t now_ms = clock_mono_ms();

	status_add(status, COUNTER_LINES_CONFIRMED, change.lines);
	publisher->bytes_confirmed += change.bytes;
	if (!congestion_confirmed(&publisher->congestion, change.confirmed, change.requeued,
				  now_ms))
		return;
	connection_works(&publisher->connection);
	if (publisher->window.waiting == 0 && alert_clear(&publisher->refused, now_ms)) {
		log_info("the broker takes all messages again");
		publisher->full_text[0] = '\0';
		status_set_error(status, "");
	}
}

static void
on_nacked(struct publisher *publisher, const struct broker_event *event)
{
	struct window_change change =
		window_nacked(&publisher->window, event->tag, event->multiple);

	if (change.requeued == 0)
		return; /* to a check: the queue is there, and full */
	status_add(publisher->process->status, COUNTER_FRAMES_REFUSED, change.requeued);
	publisher_refused(publisher, "the broker refused a message (a queue is full?)");
}

static void
on_returned(struct publisher *publisher, const struct broker_event *event)
{
	struct status_page *status = publisher->process->status;
	struct span message_id = event->delivery->message.message_id;
	char why[384];

	if (binding_check_returned(&publisher->bindings.check, message_id))
		return;
	if (window_returned(&publisher->window, message_id))
		status_add(status, COUNTER_FRAMES_REFUSED, 1);
	connection_topology_lost(&publisher->connection);
	snprintf(why, sizeof(why), "a message came back, no queue took it (%s)", event->text);
	status_set_error(status, why);
	publisher_refused(publisher, why);
}

/* An answer may be one to a check of the bindings, too. */
static unsigned
on_answer(struct publisher *publisher, const struct broker_event *event)
{
	enum binding_answer answer;
	struct failure failure;

	if (event->kind == BROKER_ACKED)
		on_acked(publisher, event);
	else
		on_nacked(publisher, event);
	if (binding_watch_answered(&publisher->bindings, publisher->connection.broker, event,
				   &answer, &failure) != OUTCOME_DONE)
		publisher_lose_connection(publisher, &failure);
	return answer == BINDING_GOOD	    ? PUBLISHER_VERIFIED
	       : answer == BINDING_RESTORED ? PUBLISHER_REWIND
					    : 0;
}

static unsigned
on_event(struct publisher *publisher, const struct broker_event *event)
{
	switch (event->kind) {
	case BROKER_ACKED:
	case BROKER_NACKED:
		return on_answer(publisher, event);
	case BROKER_RETURNED:
		on_returned(publisher, event);
		break;
	case BROKER_ALARM:
		connection_alarm(&publisher->connection, event->text);
		break;
	case BROKER_DELIVERY:
	case BROKER_CANCELLED:
	case BROKER_DEPTH:
	case BROKER_NOTHING:
		break;
	}
	return 0;
}

static unsigned
take_events(struct publisher *publisher)
{
	struct broker_event event;
	struct failure failure;
	unsigned happened = 0;

	while (publisher->connection.broker != NULL) {
		if (broker_next(publisher->connection.broker, &event, &failure) != OUTCOME_DONE) {
			publisher_lose_connection(publisher, &failure);
			break;
		}
		if (event.kind == BROKER_NOTHING)
			break;
		happened |= on_event(publisher, &event);
		delivery_free(&event.delivery);
	}
	return happened | (window_advance(&publisher->window) ? PUBLISHER_CONFIRMED : 0);
}

/* --- publishing --- */

/* Connected, and the broker takes messages: waiting for confirms makes sense. */
static bool
is_flowing(const struct publisher *publisher, int64_t now_ms)
{
	return connection_takes(&publisher->connection) &&
	       !congestion_is_paused(&publisher->congestion, now_ms) &&
	       binding_check_allows(&publisher->bindings.check);
}

static bool
may_publish(const struct publisher *publisher, int64_t now_ms)
{
	return is_flowing(publisher, now_ms) &&
	       congestion_allows(&publisher->congestion, publisher->window.in_flight, now_ms);
}

bool
publisher_can_take(const struct publisher *publisher, int64_t now_ms)
{
	return may_publish(publisher, now_ms) && publisher->window.waiting == 0 &&
	       window_has_room(&publisher->window);
}

/* The body from its file. False: it cannot be had now, or never: then the frame is dropped. */
static bool
load_body(struct publisher *publisher, struct window_frame *frame, struct span *body)
{
	const struct settings *settings = publisher->process->settings;

	switch (frame_message_load(&publisher->message, frame, settings, body)) {
	case LOG_FILE_BYTES:
		return true;
	case LOG_FILE_FAILED:
		congestion_pause(&publisher->congestion,
				 clock_mono_ms() + settings->broker.retry_min_ms);
		return false;
	case LOG_FILE_AT_END:
	case LOG_FILE_PACKED:
	case LOG_FILE_REPLACED:
		break;
	}
	log_error("%s: %u line%s at byte %lld (%lld bytes) lost: the broker had not confirmed "
		  "them when the file was truncated or overwritten",
		  frame->file->path, frame->lines, PLURAL(frame->lines), (long long)frame->offset,
		  (long long)frame->length);
	window_drop(&publisher->window, frame);
	return false;
}

static void
publish(struct publisher *publisher, struct window_frame *frame, struct span body)
{
	struct frame_message *message = &publisher->message;
	struct failure failure;
	uint64_t tag;

	if (body.ptr == NULL && !load_body(publisher, frame, &body))
		return;
	frame_message_fill(message, frame, body, publisher->process->settings, publisher->sender);
	if (broker_publish(publisher->connection.broker, message->exchange, message->routing_key,
			   &message->message, &tag, &failure) != OUTCOME_DONE) {
		publisher_lose_connection(publisher, &failure);
		return;
	}
	window_published(&publisher->window, frame, tag);
	binding_check_published(&publisher->bindings.check);
	status_add(publisher->process->status, COUNTER_FRAMES_OUT, 1);
}

void
publisher_send(struct publisher *publisher, const struct window_frame *frame, struct span body)
{
	publish(publisher, window_add(&publisher->window, frame), body);
}

static void
publish_waiting(struct publisher *publisher)
{
	struct window_frame *frame;

	for (int i = 0; i < BURST && may_publish(publisher, clock_mono_ms()); i++) {
		frame = window_next_waiting(&publisher->window);
		if (frame == NULL)
			break;
		publish(publisher, frame, SPAN_NULL);
	}
}

/* --- a turn --- */

unsigned
publisher_turn(struct publisher *publisher, int64_t now_ms)
{
	unsigned happened;

	publisher_keep_connection(publisher, now_ms);
	publish_waiting(publisher);
	/* Last, so that nothing that was read along the way stays unseen while we wait. */
	happened = take_events(publisher);
	/* The owner has to know of an answer before the next check speaks for more. */
	if ((happened & (PUBLISHER_VERIFIED | PUBLISHER_REWIND)) == 0)
		happened |= publisher_ask(publisher, now_ms);
	note_full(publisher, now_ms);
	if (connection_note_blocked(&publisher->connection, now_ms))
		status_set_error(publisher->process->status, publisher->full_text);
	/* Without a connection it is not known yet whether the bindings can be checked. */
	if (!publisher->bindings.check.is_on &&
	    (publisher->connection.broker != NULL || publisher->bindings.check.count == 0))
		happened |= PUBLISHER_ASKED | PUBLISHER_VERIFIED;
	return happened;
}

int64_t
publisher_due_ms(const struct publisher *publisher, int64_t now_ms)
{
	const struct connection *connection = &publisher->connection;
	int64_t due_ms = connection_due_ms(connection, now_ms);

	if (connection->broker == NULL)
		return due_ms;
	if (congestion_is_paused(&publisher->congestion, now_ms))
		return publisher->congestion.pause_until_ms;
	if (publisher->window.waiting > 0 && may_publish(publisher, now_ms))
		return now_ms;
	if (connection_takes(connection))
		due_ms = MIN(due_ms, binding_check_due_ms(&publisher->bindings.check));
	return due_ms;
}

bool
publisher_verify(struct publisher *publisher, int64_t now_ms)
{
	binding_check_hurry(&publisher->bindings.check, now_ms);
	return binding_check_is_verified(&publisher->bindings.check);
}

int64_t
publisher_down_ms(const struct publisher *publisher, int64_t now_ms)
{
	return publisher->connection.broker != NULL ? 0
						    : now_ms - publisher->connection.down_since_ms;
}

bool
publisher_awaits_confirms(const struct publisher *publisher, int64_t now_ms)
{
	/* What is refused now will be refused for a while: the files keep it. */
	return publisher->window.count > 0 && publisher->connection.broker != NULL &&
	       (publisher->window.in_flight > 0 || is_flowing(publisher, now_ms));
}
