/* SPDX-License-Identifier: MIT */
/*
 * test_input_report.c - what the producer puts into the table of inputs, from files made up here.
 */
#include "producer/input_report.h"
#include "common/base/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world {
	struct input_report report;
	struct settings settings;
	struct input_settings input;
	struct input_set set;
	struct input_table got;
};

static int
open_world(void **state)
{
	struct world *world = xcalloc(1, sizeof(*world));
	struct process process = {.supervised = false};
	struct checkpoint nothing = {0};
	static char format[] = "ezproxy";

	world->input.format = format;
	input_set_open(&world->set, &world->settings, &nothing, true);
	world->set.table.open_max = SIZE_MAX;
	input_report_open(&world->report, &process);
	*state = world;
	return 0;
}

static int
close_world(void **state)
{
	struct world *world = *state;

	input_report_close(&world->report);
	input_set_close(&world->set);
	free(world);
	return 0;
}

/* A file without a descriptor, read and confirmed up to those bytes. */
static struct log_file *
add_file(struct world *world, const char *path, int64_t size, int64_t confirmed)
{
	struct file_look look = {.size = size, .identity = {.inode = world->set.table.count + 1}};
	struct log_file *file = log_file_new(path, &world->input, -1, &look, NULL);

	file->next = confirmed;
	file->track.confirmed = confirmed;
	file_table_add(&world->set.table, file);
	return file;
}

/* A second later. */
static const struct input_table *
report(struct world *world)
{
	static int64_t now_ms = 1000000;

	now_ms += 1000;
	input_report_turn(&world->report, &world->set, now_ms);
	assert_true(input_table_read(world->report.table, &world->got));
	return &world->got;
}

static void
test_once_a_second(void **state)
{
	struct world *world = *state;

	input_report_turn(&world->report, &world->set, 1000);
	add_file(world, "/a", 1, 0);
	input_report_turn(&world->report, &world->set, 1999);
	assert_true(input_table_read(world->report.table, &world->got));
	assert_int_equal(world->got.total, 0);
	input_report_turn(&world->report, &world->set, 2000);
	assert_true(input_table_read(world->report.table, &world->got));
	assert_int_equal(world->got.total, 1);
	assert_true(world->got.wall_ms > 0);
}

static void
test_row(void **state)
{
	struct world *world = *state;
	struct log_file *file = add_file(world, "/var/log/a.log", 100, 40);
	const struct input_row *row = report(world)->row;

	assert_string_equal(row->path, "/var/log/a.log");
	assert_string_equal(row->format, "ezproxy");
	assert_string_equal(row->error, "");
	assert_int_equal(row->state, INPUT_FOLLOWED);
	assert_false(row->is_open);
	assert_false(row->has_line);
	assert_int_equal(row->size, 100);
	assert_int_equal(row->confirmed, 40);
	file->state = LOG_FILE_ROTATED;
	file->error = EIO;
	file->has_line_time = true;
	file->line_s = 3;
	file->next = 90;
	file->read_ms = 1;
	file->grown_ms = 2;
	report(world);
	assert_int_equal(row->state, INPUT_ROTATED);
	assert_string_equal(row->error, strerror(EIO));
	assert_true(row->has_line);
	assert_int_equal(row->line_s, 3);
	assert_int_equal(row->read, 90);
	assert_int_equal(row->read_wall_ms, 1);
	assert_int_equal(row->grown_wall_ms, 2);
	assert_int_equal(row->lag_ms, 1000);
	assert_int_equal(world->got.lag_ms, 1000);
	file->state = LOG_FILE_ENDED;
	file->track.confirmed = 100;
	report(world);
	assert_int_equal(row->state, INPUT_ENDED);
	assert_int_equal(row->lag_ms, 0);
	assert_int_equal(world->got.behind_bytes, 0);
}

/* Most bytes behind first, then who grew last, then by name. */
static void
test_order(void **state)
{
	struct world *world = *state;
	const struct input_table *got;

	add_file(world, "/z", 10, 10);
	add_file(world, "/y", 10, 10);
	add_file(world, "/grown", 10, 10)->grown_ms = 1;
	add_file(world, "/behind", 10, 3);
	add_file(world, "/truncated", 10, 20);
	add_file(world, "/most", 10, 0);
	got = report(world);
	assert_int_equal(got->total, 6);
	assert_int_equal(got->rows, 6);
	assert_int_equal(got->behind_bytes, 17);
	assert_string_equal(got->row[0].path, "/most");
	assert_string_equal(got->row[1].path, "/behind");
	assert_string_equal(got->row[2].path, "/grown");
	assert_string_equal(got->row[3].path, "/truncated");
	assert_string_equal(got->row[4].path, "/y");
	assert_string_equal(got->row[5].path, "/z");
}

/* The sums are of all files, the rows of those most behind; of a long path the end is told. */
static void
test_more_than_fit(void **state)
{
	struct world *world = *state;
	char path[INPUT_TEXT_MAX + 100];
	const struct input_table *got;

	memset(path, 'x', sizeof(path));
	strcpy(path + sizeof(path) - 10, "/name.log");
	for (int i = 0; i < INPUT_TABLE_ROWS; i++)
		add_file(world, "/a", 2, 1);
	add_file(world, path, 10, 0);
	got = report(world);
	assert_int_equal(got->total, INPUT_TABLE_ROWS + 1);
	assert_int_equal(got->rows, INPUT_TABLE_ROWS);
	assert_int_equal(got->behind_bytes, INPUT_TABLE_ROWS + 10);
	assert_int_equal(strlen(got->row[0].path), INPUT_TEXT_MAX - 1);
	assert_string_equal(got->row[0].path, path + sizeof(path) - INPUT_TEXT_MAX);
	assert_int_equal(got->open_limit, INT64_MAX);
}

/* Files that were packed before they were read are told until somebody acknowledges them. */
static void
test_unread(void **state)
{
	struct world *world = *state;
	static char path[] = "/a", archive[] = "/a.gz";
	struct checkpoint_entry plain = {.path = path, .gone_s = 5};
	struct checkpoint_entry packed = {
		.path = path, .archive = archive, .unread = 7, .gone_s = 4};
	const struct input_table *got;

	checkpoint_add(&world->set.table.retained, &plain);
	checkpoint_add(&world->set.table.retained, &packed);
	packed.unread = -1;
	for (int i = 0; i < INPUT_TABLE_UNREAD; i++)
		checkpoint_add(&world->set.table.retained, &packed);
	got = report(world);
	assert_int_equal(got->unread_total, INPUT_TABLE_UNREAD + 1);
	assert_int_equal(got->unread_bytes, 7);
	assert_int_equal(got->unread, INPUT_TABLE_UNREAD);
	assert_string_equal(got->unread_row[0].path, "/a");
	assert_string_equal(got->unread_row[0].archive, "/a.gz");
	assert_int_equal(got->unread_row[0].bytes, 7);
	assert_int_equal(got->unread_row[0].found_s, 4);
	assert_int_equal(got->unread_row[1].bytes, -1);
	world->set.table.changed = false;
	atomic_fetch_add(&world->report.table->acknowledged, 1);
	got = report(world);
	assert_int_equal(got->unread_total, 0);
	assert_int_equal(got->unread, 0);
	assert_true(world->set.table.changed);
	assert_int_equal(world->set.table.retained.count, INPUT_TABLE_UNREAD + 2);
	/* said once, heeded once */
	checkpoint_add(&world->set.table.retained, &packed);
	assert_int_equal(report(world)->unread_total, 1);
}

int
main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, open_world, close_world)
	const struct CMUnitTest tests[] = {
		TEST(test_once_a_second), TEST(test_row),    TEST(test_order),
		TEST(test_more_than_fit), TEST(test_unread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
