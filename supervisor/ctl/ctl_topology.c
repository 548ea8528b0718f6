/* SPDX-License-Identifier: MIT */
/*
 * ctl_topology.c - `sluicectl topology`: declare the exchanges and queues, check them, or print
 * them as a definitions file.
 *
 * AMQP cannot look at a binding. What can be known of the spare ones is asked as the producer asks
 * (binding_check.h): an empty message to each, which comes back where the binding is gone.
 */
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/broker/delivery_limit.h"
#include "common/broker/topology.h"
#include "common/broker/broker_publish.h"
#include "common/settings/stage.h"
#include "producer/binding_check.h"
#include "supervisor/ctl/ctl.h"

#include <poll.h>
#include <stdio.h>
#include <sysexits.h>

enum { ANSWER_MS = 10000 };

/*
 * A copy of the settings with another broker.declare. Shallow: it borrows all texts, and must not
 * be freed.
 */
static struct settings
ctl_topology_settings(const struct settings *settings, int declare)
{
	struct settings copy = *settings;

	copy.broker.declare = declare;
	copy.producer.check_s = 1; /* also when the producer is told not to check */
	return copy;
}

static enum outcome
ctl_topology_send_checks(struct broker *broker, struct binding_check *check,
			 struct failure *failure)
{
	binding_check_begin(check, clock_mono_ms());
	for (size_t i = 0; i < check->count; i++) {
		struct message message = binding_check_message(check, i);
		uint64_t tag;

		if (broker_publish(broker, TOPOLOGY_EXCHANGE, check->questions[i].key, &message,
				   &tag, failure) != OUTCOME_DONE)
			return failure->outcome;
		binding_check_sent(check, i, tag);
	}
	return OUTCOME_DONE;
}

static enum outcome
ctl_topology_await_answers(struct broker *broker, struct binding_check *check,
			   struct failure *failure)
{
	int64_t until_ms = clock_mono_ms() + ANSWER_MS, left_ms;
	struct broker_event event;

	for (;;) {
		if (broker_next(broker, &event, failure) != OUTCOME_DONE)
			return failure->outcome;
		if (event.kind == BROKER_RETURNED)
			binding_check_returned(check, event.delivery->message.message_id);
		else if ((event.kind == BROKER_ACKED || event.kind == BROKER_NACKED) &&
			 binding_check_answered(check, event.tag, event.multiple,
						event.kind == BROKER_ACKED,
						clock_mono_ms()) != BINDING_NO_ANSWER)
			return OUTCOME_DONE;
		delivery_free(&event.delivery);
		if (event.kind != BROKER_NOTHING)
			continue;
		left_ms = until_ms - clock_mono_ms();
		if (left_ms <= 0)
			return failure_set(failure, OUTCOME_RETRY, EX_UNAVAILABLE,
					   "broker %s: %s: the spare bindings are not checked",
					   broker_address(broker),
					   broker_is_blocked(broker) ? "it has an alarm and takes "
								       "no messages"
								     : "no answer in time");
		poll(&(struct pollfd){.fd = broker_fd(broker), .events = POLLIN}, 1, (int)left_ms);
	}
}

/* Names of the queues whose spare binding is gone are appended to missing. */
static enum outcome
ctl_topology_check_spares(struct broker *broker, const struct settings *settings, json_t *missing,
			  struct failure *failure)
{
	struct binding_check check;

	binding_check_init(&check, settings);
	if (ctl_topology_send_checks(broker, &check, failure) != OUTCOME_DONE ||
	    ctl_topology_await_answers(broker, &check, failure) != OUTCOME_DONE) {
		binding_check_free(&check);
		return failure->outcome;
	}
	for (size_t i = 0; i < check.count; i++) {
		const struct binding_question *question = &check.questions[i];

		if (!question->returned)
			continue;
		log_error("broker %s: queue %s has lost its spare binding: a message with the key "
			  "\"%s\" does not reach it. `sluicectl topology apply` restores all "
			  "bindings",
			  broker_address(broker), question->queue, question->key);
		json_array_append_new(missing, json_string(question->queue));
	}
	binding_check_free(&check);
	return OUTCOME_DONE;
}

/* Dead letters that looking would end: their queues. */
static enum outcome
ctl_topology_check_limits(const struct settings *settings, json_t *limited, struct failure *failure)
{
	for (size_t i = 0; i < STAGE_COUNT; i++) {
		const char *queue = stage_table[i].dead_queue;

		if (delivery_limit_check(&settings->broker, queue, "sluicectl topology", failure) ==
		    OUTCOME_DONE)
			continue;
		if (failure->outcome != OUTCOME_FATAL || failure->code != 0)
			return failure->outcome;
		log_error("%s", failure->text);
		json_array_append_new(limited, json_string(queue));
	}
	return OUTCOME_DONE;
}

struct topology_answer {
	const char *address, *done;
	json_t *missing; /* names of queues without their spare binding */
	json_t *limited; /* names of dead-letter queues with a delivery limit */
};

static enum outcome
ctl_topology_assert(struct broker **broker, const struct settings *settings, bool passive,
		    struct topology_answer *answer, struct failure *failure)
{
	if (broker_open(broker, &settings->broker, passive ? BROKER_PUBLISH : BROKER_ADMIN,
			"sluicectl topology", failure) != OUTCOME_DONE ||
	    topology_assert(*broker, settings, failure) != OUTCOME_DONE ||
	    topology_assert_spares(*broker, settings, failure) != OUTCOME_DONE ||
	    (passive &&
	     (ctl_topology_check_spares(*broker, settings, answer->missing, failure) !=
		      OUTCOME_DONE ||
	      ctl_topology_check_limits(settings, answer->limited, failure) != OUTCOME_DONE)))
		return failure->outcome;
	return OUTCOME_DONE;
}

static bool
ctl_topology_is_fine(const struct topology_answer *answer)
{
	return json_array_size(answer->missing) == 0 && json_array_size(answer->limited) == 0;
}

static json_t *
ctl_topology_json(const void *context)
{
	const struct topology_answer *answer = context;

	return json_pack("{s:s, s:b, s:O, s:O}", "broker", answer->address, "ok",
			 ctl_topology_is_fine(answer), "unbound", answer->missing, "delivery_limit",
			 answer->limited);
}

static void
ctl_topology_print(const void *context, FILE *out)
{
	const struct topology_answer *answer = context;

	if (ctl_topology_is_fine(answer))
		fprintf(out, "broker %s: %s\n", answer->address, answer->done);
}

static int
ctl_topology_declare(struct call *call, int declare, const char *done)
{
	struct settings settings = ctl_topology_settings(client_settings(call->client), declare);
	struct topology_answer answer = {
		.done = done, .missing = json_array(), .limited = json_array()};
	struct broker *broker = NULL;
	struct failure failure;
	int code;

	if (ctl_topology_assert(&broker, &settings, declare == DECLARE_PASSIVE, &answer,
				&failure) != OUTCOME_DONE) {
		log_error("%s", failure.text);
		broker_abandon(&broker);
		json_decref(answer.missing);
		json_decref(answer.limited);
		return failure.exit_code;
	}
	answer.address = broker_address(broker);
	output_answer(&call->output, &answer, ctl_topology_json, ctl_topology_print);
	code = ctl_topology_is_fine(&answer) ? CTL_OK : EX_CONFIG;
	broker_close(&broker);
	json_decref(answer.missing);
	json_decref(answer.limited);
	return code;
}

int
ctl_topology_apply(struct call *call)
{
	return ctl_topology_declare(call, DECLARE_CREATE,
				    "exchanges, queues and bindings are there");
}

int
ctl_topology_check(struct call *call)
{
	return ctl_topology_declare(call, DECLARE_PASSIVE,
				    "exchanges, queues and spare bindings are there");
}

/*
 * The version of the broker that the settings name. One that does not answer is taken for a new
 * one: what is printed for it an old one refuses, while the other way round letters would be lost.
 */
static int
ctl_topology_server_major(const struct settings *settings)
{
	struct broker *broker;
	struct failure failure;
	int major;

	if (broker_open(&broker, &settings->broker, BROKER_PUBLISH, "sluicectl topology",
			&failure) != OUTCOME_DONE) {
		log_warning(
			"%s. So this is for RabbitMQ 4 or newer; --broker-version 3 prints what "
			"3.x takes",
			failure.text);
		return 4;
	}
	major = broker_server_major(broker);
	broker_close(&broker);
	return major;
}

int
ctl_topology_export(struct call *call)
{
	const struct settings *settings = client_settings(call->client);
	int major = (int)options_number(&call->options, "broker-version");

	topology_export(settings, major != 0 ? major : ctl_topology_server_major(settings), stdout);
	return CTL_OK;
}
