/* SPDX-License-Identifier: MIT */
/*
 * test_topology.c - the definitions file for each version of RabbitMQ.
 */
#include "common/broker/topology.h"
#include "common/settings/stage.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_export_for_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
