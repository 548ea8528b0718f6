/* SPDX-License-Identifier: MIT */
/*
 * topology.h - exchanges, queues, arguments and bindings at the broker: topology.c, of the
 * queues that stages.def names.
 *
 *   topic-exchange-logs --"logs"--> queue-data-lake, queue-data-clean
 *   topic-exchange-logs.dead -----> queue-data-lake.dead, queue-data-clean.dead
 */
#ifndef COMMON_BROKER_TOPOLOGY_H
#define COMMON_BROKER_TOPOLOGY_H

#include <stdio.h>

#include "common/broker/broker.h"

#define TOPOLOGY_EXCHANGE "topic-exchange-logs"
#define TOPOLOGY_DEAD_EXCHANGE "topic-exchange-logs.dead"

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

/*
 * The command by which an administrator takes the delivery limit from the dead-letter queues, in
 * text (TOPOLOGY_COMMAND_MAX bytes); returns text. 3.x does not know -1: there it is a large number.
 */
enum { TOPOLOGY_COMMAND_MAX = 256 };
const char *topology_unlimit_command(const struct broker *broker,
				     const struct broker_settings *settings, char *text);

/*
 * Declare a dead-letter queue. DONE when it has the arguments it should have, and also, with *bare,
 * when it only lacks the delivery limit -1, as one of RabbitMQ 3.x does after an upgrade to 4: then
 * it depends on a policy whether looking ends letters (delivery_limit.h). The connection stays in
 * use. FATAL as above; failure->code is the broker's.
 */
enum outcome topology_declare_dead(struct broker *broker, const struct broker_settings *settings,
				   const char *dead_queue, bool *bare,
				   struct failure *failure) MUST_CHECK;

/*
 * Declare a queue to try something with, that policies for the dead-letter queues match, too, and
 * that the broker deletes by itself when it is not used: bare or not, as above.
 */
enum outcome topology_declare_trial(struct broker *broker, const char *name, bool bare,
				    struct failure *failure) MUST_CHECK;

/*
 * A second binding of each queue for each routing key: "logs.#" of the lake's, "#.logs" of the
 * clean one's. Both match "logs", so that one binding deleted by mistake loses nothing; and a
 * mandatory message with the key "logs.check" (or "check.logs") comes back exactly when that
 * queue's is gone. Only the producer asserts them, after it has asked: a worker that connects must
 * not hide that they were gone. So does `sluicectl topology apply`.
 */
enum outcome topology_assert_spares(struct broker *broker, const struct settings *settings,
				    struct failure *failure) MUST_CHECK;

/*
 * Spare binding number i: its queue, and in key (TOPOLOGY_KEY_MAX bytes) what a check is sent with.
 */
enum { TOPOLOGY_KEY_MAX = 256 };
size_t topology_spare_count(const struct settings *settings);
const char *topology_spare(const struct settings *settings, size_t i, char *key);

/*
 * The same as a RabbitMQ definitions file (JSON), for administrators who declare themselves. It
 * differs by the broker's major version: 4 and newer must be told that letters may be looked at
 * any number of times, what 3.x does not understand.
 */
void topology_export(const struct settings *settings, int server_major, FILE *out);

#endif
