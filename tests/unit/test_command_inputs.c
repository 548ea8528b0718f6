/* SPDX-License-Identifier: MIT */
/*
 * test_command_inputs.c - the answers to "inputs" and "acknowledge", from what a producer wrote.
 */
#include "supervisor/daemon/command_inputs.h"
#include "common/base/log.h"
#include "common/process/input_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>

struct world {
	struct supervisor supervisor;
	struct input_table next; /* what the producer would write */
};

static enum spawn_result
no_spawn(void *context UNUSED, const struct slot *slot UNUSED, pid_t *pid)
{
	*pid = 4711;
	return SPAWN_OK;
}

static int
open_world(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct pool_ops ops = {.spawn = no_spawn};

	log_open("test", LOG_LEVEL_ERROR, LOG_STYLE_LOGFMT);
	world->supervisor.spawner.pages = calloc(SLOT_COUNT, STATUS_PAGE_SIZE);
	world->supervisor.spawner.inputs = input_table_private();
	pool_init(&world->supervisor.pool, &ops, world->supervisor.spawner.pages);
	*state = world;
	return 0;
}

static int
close_world(void **state)
{
	struct world *world = *state;

	munmap(world->supervisor.spawner.inputs, INPUT_TABLE_SIZE);
	free(world->supervisor.spawner.pages);
	free(world);
	return 0;
}

static json_t *
ask(struct world *world)
{
	struct request_error error;
	json_t *answer = command_inputs(&world->supervisor, NULL, &error);

	assert_non_null(answer);
	return answer;
}

static void
assert_json(const json_t *got, const char *wanted)
{
	json_t *want = json_loads(wanted, JSON_DECODE_ANY, NULL);
	char *text = json_dumps(got, JSON_ENCODE_ANY | JSON_SORT_KEYS);

	assert_non_null(want);
	if (!json_equal(got, want))
		fail_msg("%s\nis not\n%s", text, wanted);
	json_decref(want);
	free(text);
}

static void
test_nobody_has_reported(void **state)
{
	json_t *answer = ask(*state);

	assert_json(answer, "{\"known\": false, \"at\": null, \"total\": 0, \"open\": 0,"
			    " \"open_limit\": 0, \"skipped\": 0, \"behind_bytes\": 0,"
			    " \"behind_s\": 0.0, \"files\": [], \"unread\": [],"
			    " \"unread_total\": 0, \"unread_bytes\": 0}");
	json_decref(answer);
}

static void
test_totals(void **state)
{
	struct world *world = *state;
	json_t *answer;

	world->next.wall_ms = 1700000000123;
	world->next.total = 300;
	world->next.open = 96;
	world->next.open_limit = 97;
	world->next.skipped = 3;
	world->next.behind_bytes = INT64_C(5000000000);
	world->next.lag_ms = 1500;
	world->next.unread_total = 20;
	world->next.unread_bytes = 4;
	input_table_write(world->supervisor.spawner.inputs, &world->next);
	answer = ask(world);
	assert_json(answer,
		    "{\"known\": true, \"at\": \"2023-11-14T22:13:20.123Z\", \"total\": 300,"
		    " \"open\": 96, \"open_limit\": 97, \"skipped\": 3,"
		    " \"behind_bytes\": 5000000000, \"behind_s\": 1.5, \"files\": [],"
		    " \"unread\": [], \"unread_total\": 20, \"unread_bytes\": 4}");
	json_decref(answer);
}

static void
test_files(void **state)
{
	struct world *world = *state;
	struct input_row *known = &world->next.row[0], *fresh = &world->next.row[1];
	json_t *answer;

	*known = (struct input_row){.path = "/a.log",
				    .format = "ezproxy",
				    .error = "Input/output error",
				    .state = INPUT_ROTATED,
				    .is_open = true,
				    .has_line = true,
				    .size = 100,
				    .read = 90,
				    .confirmed = 40,
				    .lag_ms = 250,
				    .read_wall_ms = 1700000000001,
				    .grown_wall_ms = 1700000000002,
				    .line_s = 0};
	/* truncated: nothing is behind; the path is no UTF-8 */
	*fresh = (struct input_row){.path = "/b\xff", .format = "f", .size = 1, .confirmed = 2};
	world->next.wall_ms = 1;
	world->next.rows = 2;
	input_table_write(world->supervisor.spawner.inputs, &world->next);
	answer = ask(world);
	assert_int_equal(json_array_size(json_object_get(answer, "files")), 2);
	assert_json(json_array_get(json_object_get(answer, "files"), 0),
		    "{\"path\": \"/a.log\", \"format\": \"ezproxy\", \"state\": \"rotated\","
		    " \"open\": true, \"size\": 100, \"read\": 90, \"confirmed\": 40,"
		    " \"behind_bytes\": 60, \"behind_s\": 0.25,"
		    " \"last_read\": \"2023-11-14T22:13:20.001Z\","
		    " \"grown\": \"2023-11-14T22:13:20.002Z\","
		    " \"last_line\": \"1970-01-01T00:00:00.000Z\","
		    " \"error\": \"Input/output error\"}");
	assert_json(json_array_get(json_object_get(answer, "files"), 1),
		    "{\"path\": \"/b\\\\xFF\", \"format\": \"f\", \"state\": \"followed\","
		    " \"open\": false, \"size\": 1, \"read\": 0, \"confirmed\": 2,"
		    " \"behind_bytes\": 0, \"behind_s\": 0.0, \"last_read\": null, \"grown\": null,"
		    " \"last_line\": null, \"error\": \"\"}");
	json_decref(answer);
}

/* Two files were packed before they were read. */
static void
write_unread(struct world *world)
{
	world->next.unread_row[0] = (struct input_unread){
		.path = "/a", .archive = "/a.gz", .bytes = 7, .found_s = 1700000000};
	world->next.unread_row[1] =
		(struct input_unread){.path = "/b", .archive = "/b.xz", .bytes = -1};
	world->next.wall_ms = 1;
	world->next.unread = 2;
	world->next.unread_total = 2;
	world->next.unread_bytes = 7;
	input_table_write(world->supervisor.spawner.inputs, &world->next);
}

static void
test_unread(void **state)
{
	struct world *world = *state;
	json_t *answer;

	write_unread(world);
	answer = ask(world);
	assert_json(json_object_get(answer, "unread"),
		    "[{\"path\": \"/a\", \"archive\": \"/a.gz\", \"bytes\": 7,"
		    " \"at\": \"2023-11-14T22:13:20.000Z\"},"
		    " {\"path\": \"/b\", \"archive\": \"/b.xz\", \"bytes\": null, \"at\": null}]");
	json_decref(answer);
}

/* It is passed on to a producer that runs, when there is something to acknowledge. */
static void
test_acknowledge(void **state)
{
	struct world *world = *state;
	struct supervisor *supervisor = &world->supervisor;
	struct input_table *table = supervisor->spawner.inputs;
	struct request_error error = {0};
	json_t *answer;

	write_unread(world);
	assert_null(command_acknowledge(supervisor, NULL, &error));
	assert_int_equal(error.exit_code, EX_UNAVAILABLE);
	assert_int_equal(table->acknowledged, 0);
	pool_slot(&supervisor->pool, ROLE_PRODUCER, 0)->pid = 4711;
	answer = command_acknowledge(supervisor, NULL, &error);
	assert_json(answer, "{\"acknowledged\": 2}");
	assert_int_equal(table->acknowledged, 1);
	json_decref(answer);
	world->next.unread_total = 0;
	input_table_write(table, &world->next);
	answer = command_acknowledge(supervisor, NULL, &error);
	assert_json(answer, "{\"acknowledged\": 0}");
	assert_int_equal(table->acknowledged, 1);
	json_decref(answer);
}

int
main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, open_world, close_world)
	const struct CMUnitTest tests[] = {
		TEST(test_nobody_has_reported),
		TEST(test_totals),
		TEST(test_files),
		TEST(test_unread),
		TEST(test_acknowledge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
