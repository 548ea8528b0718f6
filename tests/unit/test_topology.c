/* SPDX-License-Identifier: MIT */
/*
 * test_topology.c - the definitions file for each version of RabbitMQ; queues of an older one.
 */
#include "common/broker/topology.h"
#include "common/settings/stage.h"
#include "tests/fakes/fake_broker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static char vhost[] = "/";
static const struct settings settings = {.broker = {.vhost = vhost, .delivery_limit = 7}};

static json_t *
export_for(int server_major)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	json_t *definitions;

	assert_non_null(out);
	topology_export(&settings, server_major, out);
	assert_int_equal(fclose(out), 0);
	definitions = json_loads(text, 0, NULL);
	free(text);
	assert_non_null(definitions);
	return definitions;
}

/* The x-delivery-limit of a queue; 0 when it has none. */
static json_int_t
limit_of(const json_t *definitions, const char *name)
{
	json_t *queue;
	size_t i;

	json_array_foreach(json_object_get(definitions, "queues"), i, queue)
	{
		json_t *arguments = json_object_get(queue, "arguments");

		if (strcmp(json_string_value(json_object_get(queue, "name")), name) == 0)
			return json_integer_value(json_object_get(arguments, "x-delivery-limit"));
	}
	fail_msg("there is no queue %s", name);
	return 0;
}

static void
check_limits(int server_major, json_int_t of_dead)
{
	json_t *definitions = export_for(server_major);

	for (size_t i = 0; i < STAGE_COUNT; i++) {
		assert_int_equal(limit_of(definitions, stage_table[i].queue), 7);
		assert_int_equal(limit_of(definitions, stage_table[i].dead_queue), of_dead);
	}
	json_decref(definitions);
}

/* Looking at dead letters must never end them: RabbitMQ 4 has a limit unless told otherwise. */
static void
test_export_for_version(void **state)
{
	(void)state;
	check_limits(3, 0);
	check_limits(4, -1);
	check_limits(5, -1);
}

/* Dead-letter queues of a broker that was 3.x stop nobody, and stay as they are. */
static void
test_assert_of_bare_queues(void **state)
{
	struct failure failure;
	struct broker *broker;

	(void)state;
	fake_broker_reset();
	for (size_t i = 0; i < STAGE_COUNT; i++) {
		fake_broker_add_queue(stage_table[i].dead_queue);
		fake_broker_set_bare(stage_table[i].dead_queue);
	}
	assert_int_equal(broker_open(&broker, &settings.broker, BROKER_ADMIN, "test", &failure),
			 OUTCOME_DONE);
	assert_int_equal(topology_assert(broker, &settings, &failure), OUTCOME_DONE);
	for (size_t i = 0; i < STAGE_COUNT; i++) {
		bool bare = false;

		assert_int_equal(fake_broker_ready(stage_table[i].queue), 0);
		assert_int_equal(topology_declare_dead(broker, &settings.broker,
						       stage_table[i].dead_queue, &bare, &failure),
				 OUTCOME_DONE);
		assert_true(bare);
	}
	broker_close(&broker);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_export_for_version),
		cmocka_unit_test(test_assert_of_bare_queues),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
