/* SPDX-License-Identifier: MIT */
/*
 * broker.c - one connection to RabbitMQ with one channel, over librabbitmq 0.11: opening, closing,
 * and what comes in.
 *
 * What shapes this file: librabbitmq sends heartbeats only from inside its calls; it restarts its
 * own poll after a signal, so no call here ever waits for a message; after a failure its state is
 * not to be trusted, so a connection that failed once is only destroyed; a message to a missing
 * exchange closes the channel later, so channel.close can come at any time.
 */
#include "common/broker/broker.h"
#include "common/broker/amqp_library.h"
#include "common/broker/broker_channel.h"
#include "common/broker/broker_message.h"
#include "common/base/clock.h"
#include "common/base/host.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/settings/settings_password.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
	FRAME_MAX = 131072,
	CONNECT_TIMEOUT_S = 5,
	RPC_TIMEOUT_S = 20, /* declaring a quorum queue can take seconds on a busy disk */
	CLOSE_TIMEOUT_S = 2,
};

/* --- connecting --- */

static amqp_table_entry_t
text_entry(const char *key, const char *text)
{
	return (amqp_table_entry_t){
		.key = amqp_bytes_of(key),
		.value = {.kind = AMQP_FIELD_KIND_UTF8, .value = {.bytes = amqp_bytes_of(text)}}};
}

static amqp_table_entry_t
true_entry(const char *key)
{
	return (amqp_table_entry_t){
		.key = amqp_bytes_of(key),
		.value = {.kind = AMQP_FIELD_KIND_BOOLEAN, .value = {.boolean = 1}}};
}

static enum outcome
log_in(struct broker *broker, const char *client_name, const char *password,
       struct failure *failure)
{
	/* Without these two the broker neither tells of an alarm nor of a deleted queue. */
	amqp_table_entry_t capabilities[] = {
		true_entry("connection.blocked"),
		true_entry("consumer_cancel_notify"),
	};
	amqp_table_entry_t properties[] = {
		text_entry("product", "Sluice"),
		text_entry("version", SLUICE_VERSION),
		text_entry("connection_name", client_name),
		{.key = amqp_bytes_of("capabilities"),
		 .value = {.kind = AMQP_FIELD_KIND_TABLE,
			   .value = {.table = {.num_entries = (int)ARRAY_LEN(capabilities),
					       .entries = capabilities}}}},
	};
	amqp_table_t table = {.num_entries = (int)ARRAY_LEN(properties), .entries = properties};
	amqp_rpc_reply_t reply;
	char doing[160];

	snprintf(doing, sizeof(doing), "login as user \"%.64s\" to vhost \"%.64s\"",
		 broker->settings->user, broker->settings->vhost);
	reply = amqp_login_with_properties(broker->connection, broker->settings->vhost, 0,
					   FRAME_MAX, (int)broker->settings->heartbeat_s, &table,
					   AMQP_SASL_METHOD_PLAIN, broker->settings->user,
					   password);
	if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION &&
	    (reply.library_error == AMQP_STATUS_BAD_AMQP_DATA ||
	     reply.library_error == AMQP_STATUS_INCOMPATIBLE_AMQP_VERSION))
		return failure_set(
			failure, OUTCOME_RETRY, EX_UNAVAILABLE,
			"broker %s: what answers there does not speak AMQP 0-9-1: is the "
			"port right? RabbitMQ's is 5672 (15672 is its web page, 5671 wants "
			"TLS); broker.hosts says where",
			broker->address);
	return broker_channel_check(broker, doing, reply, failure);
}

static void
broker_read_version(struct broker *broker)
{
	const amqp_table_t *properties = amqp_get_server_properties(broker->connection);

	for (int i = 0; i < properties->num_entries; i++) {
		const amqp_table_entry_t *entry = &properties->entries[i];

		if (span_equals(broker_message_span(entry->key), SPAN_LITERAL("version")) &&
		    entry->value.kind == AMQP_FIELD_KIND_UTF8 && entry->value.value.bytes.len > 0)
			broker->server_major = *(const char *)entry->value.value.bytes.bytes - '0';
	}
}

static enum outcome
open_socket(struct broker *broker, const char *host_text, struct failure *failure)
{
	struct timeval timeout = {.tv_sec = CONNECT_TIMEOUT_S};
	amqp_socket_t *socket;
	char host[HOST_SIZE];
	int port, status;

	snprintf(broker->address, sizeof(broker->address), "%.256s", host_text);
	if (host_split(host_text, 5672, host, sizeof(host), &port) != 0)
		return failure_set(failure, OUTCOME_FATAL, EX_CONFIG,
				   "broker.hosts: \"%s\" is not of the form host:port", host_text);
	broker->connection = amqp_new_connection();
	if (broker->connection == NULL)
		fatal("out of memory for a broker connection");
	socket = amqp_tcp_socket_new(broker->connection);
	if (socket == NULL)
		fatal("out of memory for a broker socket");
	status = amqp_socket_open_noblock(socket, host, port, &timeout);
	if (status != AMQP_STATUS_OK)
		return failure_set(
			failure, OUTCOME_RETRY, EX_UNAVAILABLE,
			"broker %s: cannot connect: %s (is RabbitMQ running there? broker.hosts "
			"says where)",
			broker->address,
			status == AMQP_STATUS_SOCKET_ERROR
				? "refused or unreachable" /* the library keeps errno to itself */
				: amqp_error_string2(status));
	return OUTCOME_DONE;
}

static enum outcome
broker_open_one(struct broker *broker, const char *host_text, enum broker_use use,
		const char *client_name, struct failure *failure)
{
	struct timeval handshake = {.tv_sec = 2 * CONNECT_TIMEOUT_S},
		       rpc = {.tv_sec = RPC_TIMEOUT_S};
	char password[256], error[384];
	enum outcome outcome;

	outcome = open_socket(broker, host_text, failure);
	if (outcome != OUTCOME_DONE)
		return outcome;
	if (settings_password_read(broker->settings->password_file, password, sizeof(password),
				   error, sizeof(error)) != 0)
		return failure_set(failure, OUTCOME_FATAL, EX_CONFIG,
				   "%s (broker.password_file says where)", error);
	amqp_set_handshake_timeout(broker->connection, &handshake);
	amqp_set_rpc_timeout(broker->connection, &rpc);
	outcome = log_in(broker, client_name, password, failure);
	explicit_bzero(password, sizeof(password));
	if (outcome != OUTCOME_DONE)
		return outcome;
	broker_read_version(broker);
	amqp_channel_open(broker->connection, CHANNEL);
	outcome = broker_channel_check(broker, "open a channel",
				       amqp_get_rpc_reply(broker->connection), failure);
	if (outcome == OUTCOME_DONE && use == BROKER_PUBLISH) {
		amqp_confirm_select(broker->connection, CHANNEL);
		outcome = broker_channel_check(broker, "switch publisher confirms on",
					       amqp_get_rpc_reply(broker->connection), failure);
	}
	return outcome;
}

/* Of several hosts each is named that failed before the last one, in few words. */
static void
note_host(const struct failure *failure, char *others, size_t size)
{
	size_t used = strlen(others);
	const char *why = failure->text;
	size_t len = strcspn(why, "(");

	while (len > 0 && why[len - 1] == ' ')
		len--;

	if (used > 0 && used < size)
		used += (size_t)snprintf(others + used, size - used, "; ");
	if (used < size)
		snprintf(others + used, size - used, "%.*s", (int)len, why);
}

/* others: all that failed, the last one too, which failure tells in full. */
static void
name_others(struct failure *failure, const char *others)
{
	char text[sizeof(failure->text)];
	size_t first = strlen(others);

	while (first > 0 && others[first] != ';')
		first--;
	if (first == 0)
		return; /* the only one */
	snprintf(text, sizeof(text), "%.300s; before: %.*s", failure->text, (int)MIN(first, 200),
		 others);
	snprintf(failure->text, sizeof(failure->text), "%s", text);
}

enum outcome
broker_open(struct broker **out, const struct broker_settings *settings, enum broker_use use,
	    const char *client_name, struct failure *failure)
{
	/*
	 * Of all hosts, the one that answered last, or that is to be tried next. A silent host
	 * takes some 10 s: after a heartbeat's time the caller gets a chance to show life and to
	 * serve others.
	 */
	static size_t next;
	int64_t end_ms = clock_mono_ms() + settings->heartbeat_s * 1000;
	enum outcome outcome = OUTCOME_FATAL;
	char others[384] = "";

	*out = NULL;
	for (size_t i = 0; i < settings->hosts.count && (i == 0 || clock_mono_ms() < end_ms); i++) {
		struct broker *broker = xcalloc(1, sizeof(*broker));
		const char *host = settings->hosts.items[next % settings->hosts.count];

		broker->settings = settings;
		outcome = broker_open_one(broker, host, use, client_name, failure);
		if (outcome == OUTCOME_DONE) {
			*out = broker;
			return OUTCOME_DONE;
		}
		broker_abandon(&broker);
		next++;
		note_host(failure, others, sizeof(others));
	}
	name_others(failure, others);
	return outcome;
}

void
broker_abandon(struct broker **broker)
{
	if (*broker == NULL)
		return;
	if ((*broker)->connection != NULL)
		amqp_destroy_connection((*broker)->connection);
	free(*broker);
	*broker = NULL;
}

/*
 * Say goodbye and read on until it is answered, throwing away what was still on its way to us: the
 * library's own call would keep all of it in memory.
 */
static void
close_politely(struct broker *broker)
{
	amqp_connection_close_t close = {.reply_code = AMQP_REPLY_SUCCESS};
	int64_t end_ms = clock_mono_ms() + CLOSE_TIMEOUT_S * 1000;
	struct timeval timeout = {.tv_usec = 100000};
	amqp_frame_t frame = {.frame_type = 0};
	int status = amqp_send_method(broker->connection, 0, AMQP_CONNECTION_CLOSE_METHOD, &close);

	while ((status == AMQP_STATUS_OK || status == AMQP_STATUS_TIMEOUT) &&
	       clock_mono_ms() < end_ms) {
		if (!amqp_frames_enqueued(broker->connection))
			amqp_maybe_release_buffers(broker->connection);
		status = amqp_simple_wait_frame_noblock(broker->connection, &frame, &timeout);
		if (status == AMQP_STATUS_OK && frame.frame_type == AMQP_FRAME_METHOD &&
		    frame.payload.method.id == AMQP_CONNECTION_CLOSE_OK_METHOD)
			return;
	}
}

void
broker_close(struct broker **broker)
{
	if (*broker == NULL)
		return;
	close_politely(*broker);
	broker_abandon(broker);
}

int
broker_fd(const struct broker *broker)
{
	return amqp_get_sockfd(broker->connection);
}

const char *
broker_address(const struct broker *broker)
{
	return broker->address;
}

bool
broker_is_blocked(const struct broker *broker)
{
	return broker->blocked;
}

int
broker_server_major(const struct broker *broker)
{
	return broker->server_major;
}

/* --- what comes in --- */

/* The method frame of a deliver or a return was read; header and body follow. */
static enum outcome
read_message(struct broker *broker, struct delivery **out, struct failure *failure)
{
	amqp_message_t message;

	if (broker_channel_check(broker, "read a message",
				 amqp_read_message(broker->connection, CHANNEL, &message, 0),
				 failure) != OUTCOME_DONE)
		return failure->outcome; /* the library has freed what it had */
	*out = delivery_new(&message);
	return OUTCOME_DONE;
}

static void
copy_bytes(amqp_bytes_t bytes, char *out, size_t out_size)
{
	size_t len = MIN(bytes.len, out_size - 1);

	if (len > 0)
		memcpy(out, bytes.bytes, len);
	out[len] = '\0';
}

static enum outcome
read_event(struct broker *broker, const amqp_method_t *method, struct broker_event *event,
	   struct failure *failure)
{
	enum outcome outcome = OUTCOME_DONE;

	switch (method->id) {
	case AMQP_BASIC_DELIVER_METHOD: {
		/* decoded dies with the next frame: take it before reading on */
		const amqp_basic_deliver_t m = *(const amqp_basic_deliver_t *)method->decoded;

		outcome = read_message(broker, &event->delivery, failure);
		if (outcome == OUTCOME_DONE) {
			event->kind = BROKER_DELIVERY;
			event->delivery->tag = m.delivery_tag;
			event->delivery->redelivered = m.redelivered;
		}
		return outcome;
	}
	case AMQP_BASIC_RETURN_METHOD:
		copy_bytes(((const amqp_basic_return_t *)method->decoded)->reply_text, event->text,
			   sizeof(event->text));
		outcome = read_message(broker, &event->delivery, failure);
		if (outcome == OUTCOME_DONE)
			event->kind = BROKER_RETURNED;
		return outcome;
	case AMQP_BASIC_ACK_METHOD:
		event->kind = BROKER_ACKED;
		event->tag = ((const amqp_basic_ack_t *)method->decoded)->delivery_tag;
		event->multiple = ((const amqp_basic_ack_t *)method->decoded)->multiple;
		return OUTCOME_DONE;
	case AMQP_BASIC_NACK_METHOD:
		event->kind = BROKER_NACKED;
		event->tag = ((const amqp_basic_nack_t *)method->decoded)->delivery_tag;
		event->multiple = ((const amqp_basic_nack_t *)method->decoded)->multiple;
		return OUTCOME_DONE;
	case AMQP_BASIC_CANCEL_METHOD:
		event->kind = BROKER_CANCELLED;
		return OUTCOME_DONE;
	case AMQP_CONNECTION_BLOCKED_METHOD:
		copy_bytes(((const amqp_connection_blocked_t *)method->decoded)->reason,
			   event->text, sizeof(event->text));
		broker->blocked = true;
		event->kind = BROKER_ALARM;
		return OUTCOME_DONE;
	case AMQP_CONNECTION_UNBLOCKED_METHOD:
		broker->blocked = false;
		event->kind = BROKER_ALARM;
		return OUTCOME_DONE;
	case AMQP_QUEUE_DECLARE_OK_METHOD: {
		const amqp_queue_declare_ok_t *m = method->decoded;

		copy_bytes(m->queue, event->text, sizeof(event->text));
		event->messages = m->message_count;
		event->consumers = m->consumer_count;
		event->kind = BROKER_DEPTH;
		return OUTCOME_DONE;
	}
	case AMQP_CHANNEL_CLOSE_METHOD:
	case AMQP_CONNECTION_CLOSE_METHOD:
		return broker_channel_fail_closed(broker, "closed by the broker", method, failure);
	default: /* late answers of synchronous calls mean nothing here */
		return OUTCOME_DONE;
	}
}

enum outcome
broker_next(struct broker *broker, struct broker_event *event, struct failure *failure)
{
	struct timeval no_wait = {0};
	enum outcome outcome = OUTCOME_DONE;
	amqp_frame_t frame;
	int status;

	event->kind = BROKER_NOTHING;
	event->delivery = NULL;
	event->text[0] = '\0';
	while (outcome == OUTCOME_DONE && event->kind == BROKER_NOTHING) {
		/* it looks at every frame that waits: with many of them that takes for ever */
		if (!amqp_frames_enqueued(broker->connection))
			amqp_maybe_release_buffers(broker->connection);
		status = amqp_simple_wait_frame_noblock(broker->connection, &frame, &no_wait);
		if (status == AMQP_STATUS_TIMEOUT)
			return OUTCOME_DONE;
		if (status != AMQP_STATUS_OK)
			return broker_channel_fail(broker, "connection lost", status, failure);
		if (frame.frame_type == AMQP_FRAME_METHOD)
			outcome = read_event(broker, &frame.payload.method, event, failure);
		else if (frame.frame_type != AMQP_FRAME_HEARTBEAT)
			outcome = broker_channel_fail(broker, "frame out of order",
						      AMQP_STATUS_BAD_AMQP_DATA, failure);
	}
	return outcome;
}
