/* SPDX-License-Identifier: MIT */
/*
 * topology.h - exchanges, queues, arguments and bindings at the broker; all named in topology.c,
 * once.
 *
 *   topic-exchange-logs --"logs"--> queue-data-lake, queue-data-clean
 *   topic-exchange-logs.dead -----> queue-data-lake.dead, queue-data-clean.dead
 */
#ifndef COMMON_TOPOLOGY_H
#define COMMON_TOPOLOGY_H

#include <stdio.h>

#include "broker.h"

#define TOPOLOGY_EXCHANGE "topic-exchange-logs"
#define TOPOLOGY_DEAD_EXCHANGE "topic-exchange-logs.dead"
#define TOPOLOGY_LAKE_QUEUE "queue-data-lake"
#define TOPOLOGY_CLEAN_QUEUE "queue-data-clean"

/*
 * A dead letter of a queue is published to TOPOLOGY_DEAD_EXCHANGE with the queue's own name as its
 * routing key; it lands in "<queue>.dead".
 */

/*
 * Assert everything (settings->broker.declare = create; healing what is missing) or check that the
 * exchanges and queues are there (passive). Every routing key of settings->inputs, and "logs", is
 * bound. Asserting again costs a few round trips and changes nothing. FATAL when something is there
 * in another form: the failure names the queue, the argument, both values and the command that
 * helps.
 */
enum outcome topology_assert(struct broker *broker, const struct settings *settings,
			     struct failure *failure) MUST_CHECK;

/* The same as a RabbitMQ definitions file (JSON), for administrators who declare themselves. */
void topology_export(const struct settings *settings, FILE *out);

#endif
