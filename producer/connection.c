/* SPDX-License-Identifier: MIT */
/*
 * connection.c - connecting, and keeping connection and topology.
 */
#include "producer/connection.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/broker/topology.h"

#include <stdio.h>

void
connection_init(struct connection *connection, struct process *process, const char *name)
{
	const struct broker_settings *settings = &process->settings->broker;

	*connection = (struct connection){
		.process = process,
		.name = name,
		.backoff = {.min_ms = settings->retry_min_ms, .max_ms = settings->retry_max_ms},
		.down_since_ms = clock_mono_ms(),
	};
}

void
connection_close(struct connection *connection, bool abrupt)
{
	if (abrupt)
		broker_abandon(&connection->broker);
	else
		broker_close(&connection->broker);
	connection->is_up = false;
	connection->next_try_ms = 0;
	connection->down_since_ms = clock_mono_ms();
}

bool
connection_is_due(const struct connection *connection, int64_t now_ms)
{
	return connection->broker == NULL && now_ms >= connection->next_try_ms;
}

enum outcome
connection_open(struct connection *connection, struct failure *failure)
{
	struct process *process = connection->process;
	const struct settings *settings = process->settings;
	enum outcome outcome;

	outcome = broker_open(&connection->broker, &settings->broker, BROKER_PUBLISH,
			      connection->name, failure);
	if (outcome == OUTCOME_DONE)
		outcome = topology_assert(connection->broker, settings, failure);
	if (outcome == OUTCOME_FATAL && !connection->was_up)
		fatal_exit(failure->exit_code, "%s", failure->text);
	if (outcome != OUTCOME_DONE)
		return outcome;
	log_info("connected to the broker at %s", broker_address(connection->broker));
	alert_clear(&connection->down, clock_mono_ms());
	connection->is_up = true;
	connection->was_up = true;
	connection->topology_lost = false;
	connection->next_topology_ms = clock_mono_ms() + CONNECTION_TOPOLOGY_MS;
	status_set_report(process->status, process->stop ? REPORT_DRAINING : REPORT_READY);
	return OUTCOME_DONE;
}

bool
connection_lost(struct connection *connection, const struct failure *failure)
{
	struct process *process = connection->process;
	int64_t now_ms = clock_mono_ms();

	if (!connection->is_up && failure->outcome == OUTCOME_FATAL)
		connection->next_try_ms = now_ms + process->settings->broker.retry_max_ms;
	else
		connection->next_try_ms = now_ms + backoff_next_ms(&connection->backoff);
	if (connection->is_up)
		connection->down_since_ms = now_ms;
	connection->is_up = false;
	broker_abandon(&connection->broker);
	if (connection->was_up)
		status_set_report(process->status, REPORT_WAITING);
	status_set_error(process->status, failure->text);
	status_add(process->status, COUNTER_RETRIES, 1);
	if (!alert_raise(&connection->down, &alert_every_minute, 0, now_ms))
		return false;
	log_warning("%s; trying until it works", failure->text);
	return true;
}

void
connection_works(struct connection *connection)
{
	backoff_reset(&connection->backoff);
}

bool
connection_takes(const struct connection *connection)
{
	return connection->broker != NULL && !broker_is_blocked(connection->broker);
}

void
connection_topology_lost(struct connection *connection)
{
	connection->topology_lost = true;
}

enum outcome
connection_assert_topology(struct connection *connection, int64_t now_ms, struct failure *failure)
{
	/* A blocked connection would not get an answer. */
	if (!connection_takes(connection) ||
	    (now_ms < connection->next_topology_ms && !connection->topology_lost))
		return OUTCOME_DONE;
	connection->next_topology_ms = now_ms + CONNECTION_TOPOLOGY_MS;
	connection->topology_lost = false;
	if (topology_assert(connection->broker, connection->process->settings, failure) !=
	    OUTCOME_DONE)
		return failure->outcome;
	connection_works(connection);
	return OUTCOME_DONE;
}

void
connection_alarm(struct connection *connection, const char *reason)
{
	snprintf(connection->alarm, sizeof(connection->alarm), "%s", reason);
}

bool
connection_note_blocked(struct connection *connection, int64_t now_ms)
{
	char text[384];

	if (connection->broker == NULL || !broker_is_blocked(connection->broker)) {
		if (!alert_clear(&connection->blocked, now_ms) || connection->broker == NULL)
			return false;
		log_info("the broker's alarm is over");
		return true;
	}
	if (!alert_raise(&connection->blocked, &alert_every_minute, 0, now_ms))
		return false;
	snprintf(text, sizeof(text),
		 "the broker takes no messages: %s; waiting until its alarm is over",
		 connection->alarm[0] != '\0' ? connection->alarm : "it has an alarm");
	log_warning("%s", text);
	status_set_error(connection->process->status, text);
	return false;
}

int64_t
connection_due_ms(const struct connection *connection, int64_t now_ms)
{
	if (connection->broker == NULL)
		return connection->next_try_ms;
	return connection->topology_lost && !broker_is_blocked(connection->broker)
		       ? now_ms
		       : connection->next_topology_ms;
}
