/* SPDX-License-Identifier: MIT */
/*
 * test_checkpoint_writer.c - when the checkpoint is written, and what is said when it cannot be.
 */
#include "producer/checkpoint_writer.h"
#include "common/base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
	char folder[64], log_path[96], state_path[96], blocking[128];
	struct input_settings input;
	struct settings settings;
	struct input_set inputs;
	struct checkpoint_writer writer;
	char logged[4096]; /* errors and warnings */
} world;

static int
set_up(void **state)
{
	FILE *file;

	(void)state;
	memset(&world, 0, sizeof(world));
	snprintf(world.folder, sizeof(world.folder), "/tmp/sluice-test-writer-XXXXXX");
	assert_non_null(mkdtemp(world.folder));
	snprintf(world.log_path, sizeof(world.log_path), "%s/a.log", world.folder);
	snprintf(world.state_path, sizeof(world.state_path), "%s/state", world.folder);
	/* The next checkpoint is written to this name: a folder is in the way. */
	snprintf(world.blocking, sizeof(world.blocking), "%s/checkpoint.new", world.state_path);
	file = fopen(world.log_path, "w");
	assert_non_null(file);
	fputs("line\n", file);
	fclose(file);
	world.input.path = world.log_path;
	world.settings = (struct settings){.inputs = &world.input, .input_count = 1};
	checkpoint_writer_open(&world.writer, world.state_path);
	input_set_open(&world.inputs, &world.settings, &world.writer.checkpoint, false);
	log_capture(world.logged, sizeof(world.logged));
	return 0;
}

static int
tear_down(void **state)
{
	char command[128];

	(void)state;
	log_capture(NULL, 0);
	checkpoint_writer_close(&world.writer);
	input_set_close(&world.inputs);
	snprintf(command, sizeof(command), "rm -rf %s", world.folder);
	return system(command);
}

/* The offset of the only file as the disk has it; -1 = none. */
static long long
written_offset(void)
{
	struct checkpoint checkpoint;
	long long offset = -1;

	state_dir_load(&world.writer.dir, &checkpoint);
	if (checkpoint.count == 1)
		offset = (long long)checkpoint.entries[0].offset;
	checkpoint_clear(&checkpoint);
	return offset;
}

static void
confirm(int64_t offset)
{
	world.inputs.table.files[0]->track.confirmed = offset;
	checkpoint_writer_confirmed(&world.writer);
}

static void
test_written_when_due(void **state)
{
	int64_t due_ms;

	(void)state;
	/* A new file is worth being remembered. */
	assert_true(checkpoint_writer_is_needed(&world.writer, &world.inputs));
	checkpoint_writer_turn(&world.writer, &world.inputs, false, 1000);
	assert_int_equal(written_offset(), 0);
	assert_false(checkpoint_writer_is_needed(&world.writer, &world.inputs));
	assert_true(checkpoint_writer_due_ms(&world.writer, &world.inputs) == INT64_MAX);

	confirm(5);
	due_ms = checkpoint_writer_due_ms(&world.writer, &world.inputs);
	assert_true(due_ms > 1000);
	checkpoint_writer_turn(&world.writer, &world.inputs, false, due_ms - 1);
	assert_int_equal(written_offset(), 0);
	checkpoint_writer_turn(&world.writer, &world.inputs, false, due_ms);
	assert_int_equal(written_offset(), 5);
	assert_true(checkpoint_writer_due_ms(&world.writer, &world.inputs) == INT64_MAX);
}

static void
test_at_once(void **state)
{
	(void)state;
	checkpoint_writer_turn(&world.writer, &world.inputs, false, 1000);
	confirm(5);
	checkpoint_writer_turn(&world.writer, &world.inputs, true, 1001);
	assert_int_equal(written_offset(), 5);
}

static unsigned
errors_logged(void)
{
	unsigned count = 0;

	for (const char *p = world.logged; (p = strstr(p, "cannot be written")) != NULL; p++)
		count++;
	return count;
}

/* Said once a minute; tried all the time; what is confirmed is not forgotten meanwhile. */
static void
test_cannot_be_written(void **state)
{
	(void)state;
	checkpoint_writer_turn(&world.writer, &world.inputs, false, 1000);
	assert_int_equal(mkdir(world.blocking, 0700), 0);
	confirm(5);
	for (int64_t ms = 2000; ms < 62000; ms += 1000)
		checkpoint_writer_turn(&world.writer, &world.inputs, false, ms);
	assert_int_equal(errors_logged(), 1);
	checkpoint_writer_turn(&world.writer, &world.inputs, false, 62000);
	assert_int_equal(errors_logged(), 2);
	assert_true(checkpoint_writer_is_needed(&world.writer, &world.inputs));
	assert_int_equal(written_offset(), 0);
	assert_int_equal(rmdir(world.blocking), 0);
	checkpoint_writer_turn(&world.writer, &world.inputs, false, 63000);
	assert_int_equal(written_offset(), 5);
	assert_false(checkpoint_writer_is_needed(&world.writer, &world.inputs));
}

int
main(void)
{
#define WRITER_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WRITER_TEST(test_written_when_due),
		WRITER_TEST(test_at_once),
		WRITER_TEST(test_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
