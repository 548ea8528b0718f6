/* SPDX-License-Identifier: MIT */
/*
 * topology.c - THE exchanges, the arguments of the queues, and the bindings.
 *
 * Quorum queues with at-least-once dead-lettering and reject-publish: dead-lettering between
 * classic queues lost whole batches when the broker died, and a full queue must slow the producer,
 * not drop.
 */
#include "common/broker/topology.h"
#include "common/broker/broker_declare.h"
#include "common/broker/broker_errors.h"
#include "common/base/log.h"
#include "common/settings/stage.h"

#include <stdio.h>
#include <string.h>

static const struct exchange {
	const char *name;
	const char *type;
} exchanges[] = {
	{TOPOLOGY_EXCHANGE, "topic"},
	{TOPOLOGY_DEAD_EXCHANGE, "direct"},
};

#define DEFAULT_ROUTING_KEY "logs"
#define DELIVERY_LIMIT "x-delivery-limit"

enum { TRIAL_EXPIRES_MS = 60000 };

enum { ARGUMENTS_MAX = 8 };

struct arguments {
	struct broker_argument list[ARGUMENTS_MAX];
	size_t count;
};

static void
add_text(struct arguments *arguments, const char *name, const char *text)
{
	arguments->list[arguments->count++] = (struct broker_argument){.name = name, .text = text};
}

static void
add_number(struct arguments *arguments, const char *name, int64_t number)
{
	arguments->list[arguments->count++] =
		(struct broker_argument){.name = name, .number = number};
}

static struct arguments
arguments_of(const struct stage *stage, const struct broker_settings *settings)
{
	struct arguments arguments = {.count = 0};

	add_text(&arguments, "x-queue-type", "quorum");
	add_text(&arguments, "x-dead-letter-exchange", TOPOLOGY_DEAD_EXCHANGE);
	add_text(&arguments, "x-dead-letter-routing-key", stage->queue);
	add_text(&arguments, "x-dead-letter-strategy", "at-least-once");
	add_text(&arguments, "x-overflow", "reject-publish");
	add_number(&arguments, DELIVERY_LIMIT, settings->delivery_limit);
	return arguments;
}

static struct arguments
dead_arguments(int server_major)
{
	struct arguments arguments = {.count = 0};

	add_text(&arguments, "x-queue-type", "quorum");
	/* RabbitMQ 4 limits deliveries to 20 unless told otherwise: looking must never kill. */
	if (server_major >= 4)
		add_number(&arguments, DELIVERY_LIMIT, -1);
	return arguments;
}

/*
 * A queue or exchange that is there in another form, or not there in passive mode, is for a person.
 */
static enum outcome
explain(struct failure *failure, const struct broker_settings *settings, const char *kind,
	const char *name, bool passive)
{
	struct failure cause = *failure;

	if (failure->code == AMQP_CODE_PRECONDITION_FAILED)
		failure_set(
			failure, OUTCOME_FATAL, EX_CONFIG,
			"%.330s. Nothing was changed. If that %s may go: let it run empty, then "
			"`rabbitmqctl -p %.40s delete_queue %.40s --if-empty` and start again",
			cause.text, kind, settings->vhost, name);
	else if (failure->code == AMQP_CODE_NOT_FOUND && passive)
		failure_set(failure, OUTCOME_FATAL, EX_CONFIG,
			    "%.330s. Declare it with `sluicectl topology apply` or import "
			    "`sluicectl topology export`",
			    cause.text);
	failure->code = cause.code;
	return failure->outcome;
}

static enum outcome
assert_exchanges(struct broker *broker, const struct broker_settings *settings, bool passive,
		 struct failure *failure)
{
	for (size_t i = 0; i < ARRAY_LEN(exchanges); i++)
		if (broker_declare_exchange(broker, exchanges[i].name, exchanges[i].type, passive,
					    failure) != OUTCOME_DONE)
			return explain(failure, settings, "exchange", exchanges[i].name, passive);
	return OUTCOME_DONE;
}

enum outcome
topology_declare_dead(struct broker *broker, const struct broker_settings *settings,
		      const char *dead_queue, bool *bare, struct failure *failure)
{
	struct arguments arguments = dead_arguments(broker_server_major(broker));

	*bare = false;
	if (broker_try_declare_queue(broker, dead_queue, arguments.list, arguments.count,
				     failure) == OUTCOME_DONE)
		return OUTCOME_DONE;
	*bare = failure->code == AMQP_CODE_PRECONDITION_FAILED &&
		strstr(failure->text, "'" DELIVERY_LIMIT "'") != NULL &&
		strstr(failure->text, "current is none") != NULL;
	return *bare ? OUTCOME_DONE : explain(failure, settings, "queue", dead_queue, false);
}

enum outcome
topology_declare_trial(struct broker *broker, const char *name, bool bare, struct failure *failure)
{
	struct arguments arguments = dead_arguments(bare ? 0 : broker_server_major(broker));

	add_number(&arguments, "x-expires", TRIAL_EXPIRES_MS);
	return broker_try_declare_queue(broker, name, arguments.list, arguments.count, failure);
}

const char *
topology_unlimit_command(const struct broker *broker, const struct broker_settings *settings,
			 char *text)
{
	snprintf(text, TOPOLOGY_COMMAND_MAX,
		 "rabbitmqctl -p %.40s set_policy --priority 100 --apply-to queues sluice-dead "
		 "'^queue-data-.*\\.dead$' '{\"delivery-limit\": %s}'",
		 settings->vhost, broker_server_major(broker) == 3 ? "1000000000" : "-1");
	return text;
}

static void
warn_of_bare(const struct broker *broker, const struct broker_settings *settings,
	     const char *dead_queue)
{
	static bool warned; /* once a process: workers connect again and again */
	char command[TOPOLOGY_COMMAND_MAX];

	if (!warned)
		log_warning("queue %s has no " DELIVERY_LIMIT
			    ", as RabbitMQ 3.x made it. Nothing is lost by that; but dead letters "
			    "can only be looked at after `%s`",
			    dead_queue, topology_unlimit_command(broker, settings, command));
	warned = true;
}

static enum outcome
assert_dead_queue(struct broker *broker, const struct broker_settings *settings,
		  const char *dead_queue, bool passive, struct failure *failure)
{
	bool bare;

	if (passive)
		return broker_declare_queue(broker, dead_queue, true, NULL, 0, NULL, NULL,
					    failure) == OUTCOME_DONE
			       ? OUTCOME_DONE
			       : explain(failure, settings, "queue", dead_queue, true);
	if (topology_declare_dead(broker, settings, dead_queue, &bare, failure) != OUTCOME_DONE)
		return failure->outcome;
	if (bare)
		warn_of_bare(broker, settings, dead_queue);
	return OUTCOME_DONE;
}

static enum outcome
assert_queues(struct broker *broker, const struct broker_settings *settings, bool passive,
	      struct failure *failure)
{
	for (size_t i = 0; i < STAGE_COUNT; i++) {
		struct arguments arguments = arguments_of(&stage_table[i], settings);

		/* the dead-letter queue first: nothing may die before there is a place for it */
		if (assert_dead_queue(broker, settings, stage_table[i].dead_queue, passive,
				      failure) != OUTCOME_DONE)
			return failure->outcome;
		if (broker_declare_queue(broker, stage_table[i].queue, passive, arguments.list,
					 passive ? 0 : arguments.count, NULL, NULL,
					 failure) != OUTCOME_DONE)
			return explain(failure, settings, "queue", stage_table[i].queue, passive);
	}
	return OUTCOME_DONE;
}

/* The routing key number i of all that have to be bound: "logs", then those of the inputs. */
static const char *
routing_key(const struct settings *settings, size_t i)
{
	return i == 0 ? DEFAULT_ROUTING_KEY : settings->inputs[i - 1].routing_key;
}

static bool
routing_key_is_repeat(const struct settings *settings, size_t i)
{
	for (size_t earlier = 0; earlier < i; earlier++)
		if (strcmp(routing_key(settings, earlier), routing_key(settings, i)) == 0)
			return true;
	return false;
}

static enum outcome
assert_bindings(struct broker *broker, const struct settings *settings, struct failure *failure)
{
	for (size_t q = 0; q < STAGE_COUNT; q++) {
		if (broker_bind_queue(broker, stage_table[q].dead_queue, TOPOLOGY_DEAD_EXCHANGE,
				      stage_table[q].queue, failure) != OUTCOME_DONE)
			return failure->outcome;
		for (size_t k = 0; k <= settings->input_count; k++) {
			if (routing_key_is_repeat(settings, k))
				continue;
			if (broker_bind_queue(broker, stage_table[q].queue, TOPOLOGY_EXCHANGE,
					      routing_key(settings, k), failure) != OUTCOME_DONE)
				return failure->outcome;
		}
	}
	return OUTCOME_DONE;
}

/* --- spare bindings --- */

/* The routing key number i without repeats; NULL = no more. */
static const char *
distinct_key(const struct settings *settings, size_t i)
{
	for (size_t k = 0; k <= settings->input_count; k++)
		if (!routing_key_is_repeat(settings, k) && i-- == 0)
			return routing_key(settings, k);
	return NULL;
}

size_t
topology_spare_count(const struct settings *settings)
{
	size_t keys = 0;

	while (distinct_key(settings, keys) != NULL)
		keys++;
	return keys * STAGE_COUNT;
}

static const struct stage *
spare_stage(size_t i)
{
	return &stage_table[i % STAGE_COUNT];
}

static void
spare_key(const struct settings *settings, size_t i, char *key)
{
	snprintf(key, TOPOLOGY_KEY_MAX, "%s%s%s", spare_stage(i)->spare_before,
		 distinct_key(settings, i / STAGE_COUNT), spare_stage(i)->spare_behind);
}

const char *
topology_spare(const struct settings *settings, size_t i, char *key)
{
	const struct stage *stage = spare_stage(i);

	snprintf(key, TOPOLOGY_KEY_MAX, "%s%s%s", stage->check_before,
		 distinct_key(settings, i / STAGE_COUNT), stage->check_behind);
	return stage->queue;
}

enum outcome
topology_assert_spares(struct broker *broker, const struct settings *settings,
		       struct failure *failure)
{
	size_t count = topology_spare_count(settings);
	char key[TOPOLOGY_KEY_MAX];

	if (settings->broker.declare == DECLARE_PASSIVE)
		return OUTCOME_DONE;
	for (size_t i = 0; i < count; i++) {
		spare_key(settings, i, key);
		if (broker_bind_queue(broker, spare_stage(i)->queue, TOPOLOGY_EXCHANGE, key,
				      failure) != OUTCOME_DONE)
			return failure->outcome;
	}
	return OUTCOME_DONE;
}

/* --- all that has to be there --- */

enum outcome
topology_assert(struct broker *broker, const struct settings *settings, struct failure *failure)
{
	bool passive = settings->broker.declare == DECLARE_PASSIVE;

	if (assert_exchanges(broker, &settings->broker, passive, failure) != OUTCOME_DONE ||
	    assert_queues(broker, &settings->broker, passive, failure) != OUTCOME_DONE)
		return failure->outcome;
	/* AMQP has no way to only look at a binding. */
	return passive ? OUTCOME_DONE : assert_bindings(broker, settings, failure);
}

/* --- the same as a definitions file --- */

static void
print_json_text(const char *text, FILE *out)
{
	fputc('"', out);
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			fputc('\\', out);
		if (*p < 0x20)
			fprintf(out, "\\u%04x", *p);
		else
			fputc(*p, out);
	}
	fputc('"', out);
}

static void
export_queue(const char *name, const char *vhost, const struct arguments *arguments, FILE *out)
{
	fprintf(out, "    {\"name\": \"%s\", \"vhost\": ", name);
	print_json_text(vhost, out);
	fprintf(out, ", \"durable\": true, \"auto_delete\": false,\n     \"arguments\": {");
	for (size_t i = 0; i < arguments->count; i++) {
		const struct broker_argument *argument = &arguments->list[i];

		fprintf(out, "%s\"%s\": ", i > 0 ? ", " : "", argument->name);
		if (argument->text != NULL)
			print_json_text(argument->text, out);
		else
			fprintf(out, "%lld", (long long)argument->number);
	}
	fprintf(out, "}}");
}

static void
export_binding(const char *exchange, const char *queue, const char *key, const char *vhost,
	       bool first, FILE *out)
{
	fprintf(out, "%s    {\"source\": \"%s\", \"vhost\": ", first ? "" : ",\n", exchange);
	print_json_text(vhost, out);
	fprintf(out,
		", \"destination\": \"%s\", \"destination_type\": \"queue\",\n     "
		"\"routing_key\": ",
		queue);
	print_json_text(key, out);
	fprintf(out, ", \"arguments\": {}}");
}

void
topology_export(const struct settings *settings, int server_major, FILE *out)
{
	const char *vhost = settings->broker.vhost;
	struct arguments dead = dead_arguments(server_major);

	fprintf(out, "{\n  \"exchanges\": [\n");
	for (size_t i = 0; i < ARRAY_LEN(exchanges); i++) {
		fprintf(out, "%s    {\"name\": \"%s\", \"vhost\": ", i > 0 ? ",\n" : "",
			exchanges[i].name);
		print_json_text(vhost, out);
		fprintf(out,
			", \"type\": \"%s\", \"durable\": true, \"auto_delete\": false, "
			"\"internal\": false, \"arguments\": {}}",
			exchanges[i].type);
	}
	fprintf(out, "\n  ],\n  \"queues\": [\n");
	for (size_t i = 0; i < STAGE_COUNT; i++) {
		struct arguments arguments = arguments_of(&stage_table[i], &settings->broker);

		export_queue(stage_table[i].dead_queue, vhost, &dead, out);
		fprintf(out, ",\n");
		export_queue(stage_table[i].queue, vhost, &arguments, out);
		fprintf(out, i + 1 < STAGE_COUNT ? ",\n" : "\n");
	}
	fprintf(out, "  ],\n  \"bindings\": [\n");
	for (size_t q = 0; q < STAGE_COUNT; q++) {
		export_binding(TOPOLOGY_DEAD_EXCHANGE, stage_table[q].dead_queue,
			       stage_table[q].queue, vhost, q == 0, out);
		for (size_t k = 0; k <= settings->input_count; k++)
			if (!routing_key_is_repeat(settings, k))
				export_binding(TOPOLOGY_EXCHANGE, stage_table[q].queue,
					       routing_key(settings, k), vhost, false, out);
	}
	for (size_t i = 0; i < topology_spare_count(settings); i++) {
		char key[TOPOLOGY_KEY_MAX];

		spare_key(settings, i, key);
		export_binding(TOPOLOGY_EXCHANGE, spare_stage(i)->queue, key, vhost, false, out);
	}
	fprintf(out, "\n  ]\n}\n");
}
