/* SPDX-License-Identifier: MIT */
/*
 * test_retry.c - waiting for the next try, and when there is none.
 */
#include "common/process/retry.h"
#include "tests/fakes/fake_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { MIN_MS = 4000 };

static struct {
	struct process process;
	struct status_page page;
	struct outage outage;
	struct failure failure;
	unsigned served;
	unsigned stop_after; /* so many calls of serve() the process is told to stop; 0 = never */
	bool is_pointless;
} world;

static int
no_fd(void *context)
{
	(void)context;
	return -1;
}

static bool
serve(void *context)
{
	(void)context;
	world.served++;
	if (world.served == world.stop_after)
		world.process.stop = true;
	return !world.is_pointless;
}

static const struct keepalive keepalive = {.fd = no_fd, .serve = serve};

static int
set_up(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	world.process =
		(struct process){.status = &world.page, .signal_fd = -1, .supervisor_fd = -1};
	world.outage.backoff = (struct backoff){.min_ms = MIN_MS, .max_ms = MIN_MS};
	failure_set(&world.failure, OUTCOME_RETRY, EX_UNAVAILABLE, "database: away");
	fake_time_start(INT64_C(3600) * 1000);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	fake_time_stop();
	return 0;
}

static bool
wait_for(unsigned tries)
{
	return retry_wait(&keepalive, &world.process, &world.outage, &world.failure, tries);
}

/* The connection is served about every second meanwhile. */
static void
test_waits_in_full(void **state)
{
	(void)state;
	assert_true(wait_for(1));
	assert_true(fake_time_passed_ms() >= MIN_MS / 2 && fake_time_passed_ms() <= MIN_MS);
	assert_true(world.served >= MIN_MS / 2 / 1000);
}

static void
test_pointless(void **state)
{
	(void)state;
	world.is_pointless = true;
	assert_false(wait_for(1));
	assert_int_equal(world.served, 1);
}

/* A drain is not spoilt by a short trouble, nor blocked by an outage. */
static void
test_stopping(void **state)
{
	(void)state;
	world.process.stop = true;
	assert_true(wait_for(1));
	assert_true(wait_for(3));
	assert_false(wait_for(4));
	assert_false(wait_for(RETRY_NONE_LEFT));
	assert_int_equal(fake_time_passed_ms(), 0);
	world.process.stop_now = true;
	assert_false(wait_for(1));
}

/* Told to stop while it waits: the wait ends, one more try is worth it. */
static void
test_stopped_meanwhile(void **state)
{
	(void)state;
	world.stop_after = 1;
	assert_true(wait_for(RETRY_NONE_LEFT));
	assert_int_equal(world.served, 1);
	assert_true(fake_time_passed_ms() < MIN_MS / 2);
}

int
main(void)
{
#define RETRY_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		RETRY_TEST(test_waits_in_full),
		RETRY_TEST(test_pointless),
		RETRY_TEST(test_stopping),
		RETRY_TEST(test_stopped_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
