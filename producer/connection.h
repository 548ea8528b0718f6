/* SPDX-License-Identifier: MIT */
/*
 * connection.h - the producer's connection to the broker: made when it is time to, its topology
 * asserted now and then, and what is logged and shown when it is away or blocked.
 *
 * A call that fails leaves the connection as it is; whoever sees the failure calls
 * connection_lost().
 */
#ifndef PRODUCER_CONNECTION_H
#define PRODUCER_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/alert.h"
#include "common/base/backoff.h"
#include "common/broker/broker.h"
#include "common/process/process.h"

enum { CONNECTION_TOPOLOGY_MS = 60000 }; /* a lost binding is healed within this */

struct connection {
	struct process *process;
	const char *name;      /* as the broker's own tools show it */
	struct broker *broker; /* NULL: not connected */
	bool is_up;	       /* the topology was asserted on it */
	bool was_up;	       /* one was up, since the start */
	bool topology_lost;    /* assert the topology at once */
	struct backoff backoff;
	int64_t down_since_ms, next_try_ms, next_topology_ms;
	char alarm[256]; /* why the broker is blocked */
	struct alert down, blocked;
};

/* name is kept. */
void connection_init(struct connection *connection, struct process *process, const char *name);

/* Close it, politely unless abrupt; a new one may be tried at once. */
void connection_close(struct connection *connection, bool abrupt);

/* It is time to try. */
bool connection_is_due(const struct connection *connection, int64_t now_ms);

/*
 * Connect and assert the topology. Before the first success a failure that no waiting helps ends
 * the program with its exit code.
 */
enum outcome connection_open(struct connection *connection, struct failure *failure) MUST_CHECK;

/*
 * It has failed, or could not be opened: the next try comes after a while. If it was up a new one
 * may well work, whatever the reason. True when that was logged: once, and once a minute.
 */
bool connection_lost(struct connection *connection, const struct failure *failure);

/* It has done what it is for: after a failure the next try need not wait long. */
void connection_works(struct connection *connection);

/* Open, and the broker reads what we send. */
bool connection_takes(const struct connection *connection);

/* A message came back: assert the topology at the next turn. */
void connection_topology_lost(struct connection *connection);

/*
 * Assert the topology when it is due: a binding can be lost without any message coming back, when
 * only one of the two is.
 */
enum outcome connection_assert_topology(struct connection *connection, int64_t now_ms,
					struct failure *failure) MUST_CHECK;

/* The broker has said why it is blocked, or that it no longer is. */
void connection_alarm(struct connection *connection, const char *reason);

/* Log and show that it is blocked. True when that is over: there may be another error to show. */
bool connection_note_blocked(struct connection *connection, int64_t now_ms);

/* When connection_is_due() or connection_assert_topology() has something to do. */
int64_t connection_due_ms(const struct connection *connection, int64_t now_ms);

#endif
