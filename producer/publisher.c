/* SPDX-License-Identifier: MIT */
/*
 * publisher.c - connecting, publishing, confirms.
 */
#include "producer/publisher.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/broker/topology.h"
#include "common/broker/broker_publish.h"
#include "common/base/xalloc.h"
#include "producer/envelope.h"
#include "producer/log_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BURST = 16 }; /* frames published between two looks at what the broker says */

void
publisher_init(struct publisher *publisher, struct process *process)
{
	const struct settings *settings = process->settings;
	char host[256] = "localhost";

	gethostname(host, sizeof(host) - 1);
	*publisher = (struct publisher){
		.process = process,
		.settings = settings,
		.connect_backoff = {.min_ms = settings->broker.retry_min_ms,
				    .max_ms = settings->broker.retry_max_ms},
		.refuse_backoff = {.min_ms = settings->broker.retry_min_ms,
				   .max_ms = settings->broker.retry_max_ms},
		.down_since_ms = clock_mono_ms(),
	};
	snprintf(publisher->sender, sizeof(publisher->sender), "%s@%s", process->name, host);
	window_init(&publisher->window, (size_t)settings->producer.window_frames,
		    PUBLISHER_WINDOW_BYTES);
}

void
publisher_close(struct publisher *publisher, bool abrupt)
{
	if (abrupt)
		broker_abandon(&publisher->broker);
	else
		broker_close(&publisher->broker);
	window_clear(&publisher->window);
	free(publisher->scratch);
	publisher->scratch = NULL;
	packer_free(&publisher->packer);
}

void
publisher_restart(struct publisher *publisher)
{
	broker_close(&publisher->broker);
	window_clear(&publisher->window);
	window_init(&publisher->window, (size_t)publisher->settings->producer.window_frames,
		    PUBLISHER_WINDOW_BYTES);
	publisher->next_try_ms = 0;
	publisher->pause_until_ms = 0;
	publisher->down_since_ms = clock_mono_ms();
}

int
publisher_fd(const struct publisher *publisher)
{
	return publisher->broker != NULL ? broker_fd(publisher->broker) : -1;
}

/* --- connection --- */

/* The connection is spent. delay_ms until the next try. */
static void
publisher_go_down(struct publisher *publisher, const struct failure *failure, int64_t delay_ms)
{
	struct status_page *status = publisher->process->status;
	int64_t now_ms = clock_mono_ms();

	if (publisher->broker != NULL)
		publisher->down_since_ms = now_ms;
	broker_abandon(&publisher->broker);
	window_lost(&publisher->window);
	publisher->next_try_ms = now_ms + delay_ms;
	publisher->pause_until_ms = 0;
	if (publisher->was_ready)
		status_set_report(status, REPORT_WAITING);
	status_set_error(status, failure->text);
	status_add(status, COUNTER_RETRIES, 1);
	if (!reminder_due(&publisher->down, now_ms))
		return;
	log_warning("%s; trying until it works", failure->text);
	if (publisher->window.waiting > 0)
		log_info("%zu unconfirmed message%s: sent again then", publisher->window.waiting,
			 PLURAL(publisher->window.waiting));
}

/* A connection that worked has failed: whatever the reason, a new one may well work. */
static void
lose_connection(struct publisher *publisher, const struct failure *failure)
{
	publisher_go_down(publisher, failure, backoff_next_ms(&publisher->connect_backoff));
}

static void
publisher_connect_broker(struct publisher *publisher)
{
	struct process *process = publisher->process;
	struct failure failure;
	enum outcome outcome;
	char name[sizeof(publisher->sender) + 16];

	snprintf(name, sizeof(name), "sluice-%s", publisher->sender);
	outcome = broker_open(&publisher->broker, &publisher->settings->broker, BROKER_PUBLISH,
			      name, &failure);
	if (outcome == OUTCOME_DONE)
		outcome = topology_assert(publisher->broker, publisher->settings, &failure);
	if (outcome == OUTCOME_FATAL && !publisher->was_ready)
		fatal_exit(failure.exit_code, "%s", failure.text);
	if (outcome != OUTCOME_DONE) {
		int64_t down_since_ms = publisher->down_since_ms;

		publisher_go_down(publisher, &failure,
				  outcome == OUTCOME_FATAL
					  ? publisher->settings->broker.retry_max_ms
					  : backoff_next_ms(&publisher->connect_backoff));
		publisher->down_since_ms = down_since_ms;
		return;
	}
	log_info("connected to the broker at %s", broker_address(publisher->broker));
	reminder_reset(&publisher->down);
	publisher->was_ready = true;
	publisher->topology_lost = false;
	publisher->allowed = publisher->refused_since_ms != 0 ? 1 : publisher->window.capacity;
	publisher->refused_since_ms = 0;
	publisher->next_topology_ms = clock_mono_ms() + PUBLISHER_TOPOLOGY_MS;
	binding_check_start(&publisher->check, publisher->settings);
	status_set_report(process->status, process->stop ? REPORT_DRAINING : REPORT_READY);
	status_set_error(process->status, publisher->full_text);
}

/* A binding can be lost without any message coming back, when only one of the two is. */
static void
keep_topology(struct publisher *publisher, int64_t now_ms)
{
	struct failure failure;

	/* A blocked connection would not get an answer. */
	if (publisher->broker == NULL || broker_is_blocked(publisher->broker) ||
	    (now_ms < publisher->next_topology_ms && !publisher->topology_lost))
		return;
	publisher->next_topology_ms = now_ms + PUBLISHER_TOPOLOGY_MS;
	publisher->topology_lost = false;
	if (topology_assert(publisher->broker, publisher->settings, &failure) != OUTCOME_DONE)
		lose_connection(publisher, &failure);
	else
		backoff_reset(&publisher->connect_backoff);
}

/*
 * A channel of RabbitMQ 3.10 can go on refusing for a quorum queue that has room again (its limit
 * was raised, say). A new connection asks the queue itself.
 */
static void
renew_refused(struct publisher *publisher, int64_t now_ms)
{
	struct failure failure;

	if (publisher->broker == NULL || publisher->refused_since_ms == 0 ||
	    now_ms - publisher->refused_since_ms < PUBLISHER_REFUSED_MS)
		return;
	failure_set(&failure, OUTCOME_RETRY, EX_UNAVAILABLE,
		    "broker %s: it has refused messages for %d s (a queue is full?): asking again "
		    "on a new connection",
		    broker_address(publisher->broker), PUBLISHER_REFUSED_MS / 1000);
	lose_connection(publisher, &failure);
	/* The cause is still the full queue; the new connection is only a way to ask. */
	status_set_error(publisher->process->status, publisher->full_text);
}

/* --- what the broker says --- */

/* Some frames have to go out again: not at once, and carefully. */
static void
back_off(struct publisher *publisher, const char *why)
{
	int64_t now_ms = clock_mono_ms();

	if (reminder_due(&publisher->refused, now_ms))
		log_warning("%s; it is sent again until it is taken", why);
	if (now_ms < publisher->pause_until_ms)
		return; /* one burst of refusals is one refusal */
	if (publisher->refused_since_ms == 0)
		publisher->refused_since_ms = now_ms;
	if (publisher->full_since_ms == 0)
		publisher->full_since_ms = now_ms;
	publisher->pause_until_ms = now_ms + backoff_next_ms(&publisher->refuse_backoff);
	publisher->allowed = 1;
}

/*
 * A nack does not say which queue is full, but a check goes to one alone. Shown only when it lasts:
 * a queue that its workers keep at its limit refuses now and then.
 */
static void
note_refused(struct publisher *publisher, int64_t now_ms)
{
	const char *full = publisher->check.full;
	char text[sizeof(publisher->full_text)];

	if (publisher->broker == NULL || publisher->full_since_ms == 0 ||
	    now_ms - publisher->full_since_ms < PUBLISHER_SHOW_REFUSED_MS)
		return;
	if (full != NULL)
		snprintf(text, sizeof(text),
			 "broker %s: queue %s is full and refuses messages; they are sent again "
			 "until it takes them",
			 broker_address(publisher->broker), full);
	else
		snprintf(text, sizeof(text),
			 "broker %s: it refuses messages: a queue is full, see sluicectl queues; "
			 "they are sent again until it takes them",
			 broker_address(publisher->broker));
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

	status_add(status, COUNTER_LINES_CONFIRMED, change.lines);
	publisher->bytes_confirmed += change.bytes;
	publisher->allowed = MIN(publisher->window.capacity, publisher->allowed + change.confirmed);
	if (change.again > 0)
		return; /* returned frames: back_off() was called when they came back */
	if (clock_mono_ms() < publisher->pause_until_ms || change.confirmed == 0)
		return;
	backoff_reset(&publisher->connect_backoff);
	backoff_reset(&publisher->refuse_backoff);
	publisher->refused_since_ms = 0;
	publisher->full_since_ms = 0;
	if (publisher->window.waiting == 0 && reminder_reset(&publisher->refused)) {
		log_info("the broker takes all messages again");
		publisher->full_text[0] = '\0';
		status_set_error(status, "");
	}
}

static void
on_event(struct publisher *publisher, struct broker_event *event)
{
	struct status_page *status = publisher->process->status;
	struct window_change change;
	char why[384];

	switch (event->kind) {
	case BROKER_ACKED:
		on_acked(publisher, event);
		break;
	case BROKER_NACKED:
		change = window_nacked(&publisher->window, event->tag, event->multiple);
		if (change.again == 0)
			break; /* to a check: the queue is full, and there */
		status_add(status, COUNTER_FRAMES_REFUSED, change.again);
		back_off(publisher, "the broker refused a message (a queue is full?)");
		break;
	case BROKER_RETURNED:
		if (binding_check_returned(&publisher->check, event->delivery->message.message_id))
			break;
		if (window_returned(&publisher->window, event->delivery->message.message_id))
			status_add(status, COUNTER_FRAMES_REFUSED, 1);
		publisher->topology_lost = true;
		snprintf(why, sizeof(why), "a message came back, no queue took it (%s)",
			 event->text);
		status_set_error(status, why);
		back_off(publisher, why);
		break;
	case BROKER_ALARM:
		snprintf(publisher->alarm, sizeof(publisher->alarm), "%s", event->text);
		break;
	case BROKER_DELIVERY:
	case BROKER_CANCELLED:
	case BROKER_DEPTH:
	case BROKER_NOTHING:
		break;
	}
	delivery_free(&event->delivery);
}

static void
publisher_take_events(struct publisher *publisher)
{
	struct broker_event event;
	struct failure failure;

	while (publisher->broker != NULL) {
		if (broker_next(publisher->broker, &event, &failure) != OUTCOME_DONE) {
			lose_connection(publisher, &failure);
			break;
		}
		if (event.kind == BROKER_NOTHING)
			break;
		on_event(publisher, &event);
		if (publisher_check_event(publisher, &event, &failure) != OUTCOME_DONE) {
			lose_connection(publisher, &failure);
			break;
		}
	}
	if (window_settle(&publisher->window))
		publisher->moved = true;
}

static void
note_blocked(struct publisher *publisher, int64_t now_ms)
{
	struct status_page *status = publisher->process->status;
	char text[384];

	if (publisher->broker == NULL || !broker_is_blocked(publisher->broker)) {
		if (reminder_reset(&publisher->blocked) && publisher->broker != NULL) {
			log_info("the broker's alarm is over");
			status_set_error(status, publisher->full_text);
		}
		return;
	}
	if (!reminder_due(&publisher->blocked, now_ms))
		return;
	snprintf(text, sizeof(text),
		 "the broker takes no messages: %s; waiting until its alarm is over",
		 publisher->alarm[0] != '\0' ? publisher->alarm : "it has an alarm");
	log_warning("%s", text);
	status_set_error(status, text);
}

/* --- publishing --- */

bool
publisher_is_flowing(const struct publisher *publisher, int64_t now_ms)
{
	return publisher->broker != NULL && !broker_is_blocked(publisher->broker) &&
	       now_ms >= publisher->pause_until_ms && !publisher->binding_lost &&
	       (publisher->check.count == 0 || publisher->check.has_answer);
}

static bool
may_publish(const struct publisher *publisher, int64_t now_ms)
{
	return publisher_is_flowing(publisher, now_ms) &&
	       publisher->window.in_flight < publisher->allowed;
}

bool
publisher_can_take(const struct publisher *publisher, int64_t now_ms)
{
	return may_publish(publisher, now_ms) && publisher->window.waiting == 0 &&
	       window_has_room(&publisher->window);
}

/*
 * The body of a frame, from its file. False: it cannot be had now, or never (then it is dropped).
 */
static bool
load_body(struct publisher *publisher, struct window_frame *frame, struct span *body)
{
	if (frame->kind == FRAME_EVENT) {
		*body = span_of(publisher->settings->events.items[frame->offset]);
		return true;
	}
	if (publisher->scratch_size < frame->body_len) {
		publisher->scratch_size = frame->body_len;
		publisher->scratch = xreallocarray(publisher->scratch, frame->body_len, 1);
	}
	switch (log_file_reread(frame->file, frame, publisher->scratch)) {
	case LOG_FILE_BYTES:
		*body = (struct span){publisher->scratch, frame->body_len};
		return true;
	case LOG_FILE_FAILED:
		publisher->pause_until_ms =
			clock_mono_ms() + publisher->settings->broker.retry_min_ms;
		return false;
	case LOG_FILE_AT_END:
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

/* Lines of a log pack well; a dead letter of ours and an event are for people's eyes, too. */
static void
pack(struct publisher *publisher, const struct window_frame *frame, struct message *message)
{
	if (publisher->settings->producer.compression == COMPRESSION_LZ4 &&
	    frame->kind == FRAME_LINES &&
	    packer_pack(&publisher->packer, message->body, &message->body))
		message->content_encoding = SPAN_LITERAL(CONTENT_ENCODING_LZ4);
}

static void
publish(struct publisher *publisher, struct window_frame *frame, struct span body)
{
	struct envelope envelope;
	struct failure failure;
	uint64_t tag;

	if (body.ptr == NULL && !load_body(publisher, frame, &body))
		return;
	envelope_fill(&envelope, frame, body, publisher->settings, publisher->sender);
	pack(publisher, frame, &envelope.message);
	if (broker_publish(publisher->broker, envelope.exchange, envelope.routing_key,
			   &envelope.message, &tag, &failure) != OUTCOME_DONE) {
		lose_connection(publisher, &failure);
		return;
	}
	window_published(&publisher->window, frame, tag);
	publisher->check.dirty = true;
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

void
publisher_turn(struct publisher *publisher, int64_t now_ms)
{
	struct failure failure;
	if (publisher->broker == NULL && now_ms >= publisher->next_try_ms)
		publisher_connect_broker(publisher);
	else
		keep_topology(publisher, now_ms);
	renew_refused(publisher, now_ms);
	publish_waiting(publisher);
	/* Last, so that nothing that was read along the way stays unseen while we wait. */
	publisher_take_events(publisher);
	if (publisher_check_turn(publisher, now_ms, &failure) != OUTCOME_DONE)
		lose_connection(publisher, &failure);
	note_refused(publisher, now_ms);
	note_blocked(publisher, now_ms);
}

int64_t
publisher_due_ms(const struct publisher *publisher, int64_t now_ms)
{
	if (publisher->broker == NULL)
		return publisher->next_try_ms;
	if (now_ms < publisher->pause_until_ms)
		return publisher->pause_until_ms;
	if (publisher->topology_lost && !broker_is_blocked(publisher->broker))
		return now_ms;
	if (publisher->window.waiting > 0 && may_publish(publisher, now_ms))
		return now_ms;
	if (publisher->check.count > 0 && publisher->check.open == 0 && publisher->check.dirty &&
	    !broker_is_blocked(publisher->broker))
		return MIN(publisher->check.next_ms, publisher->next_topology_ms);
	return publisher->next_topology_ms;
}
