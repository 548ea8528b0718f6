/* SPDX-License-Identifier: MIT */
/*
 * test_autoscale.c - how many workers a queue gets, on a queue that only exists on paper.
 */
#include "supervisor/daemon/autoscale.h"
#include "common/base/defs.h"
#include "tests/unit/assert_between.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

/* A queue and its workers; a second at a time. */
struct world {
	struct autoscale state;
	struct autoscale_limits limits;
	double each_per_s;    /* what a worker can take */
	double ceiling_per_s; /* what all can take together: the database */
	double waiting;
	unsigned workers;
	int64_t now_ms;
	unsigned ups, downs, turns; /* turns: a change against the direction of the one before */
	int direction;
	char reason[160];
};

static struct world
make_world(unsigned workers, unsigned min, unsigned max)
{
	return (struct world){
		.limits = {.min = min, .max = max, .drain_s = 60},
		.each_per_s = 100,
		.ceiling_per_s = 1e9,
		.workers = workers,
		.now_ms = 1000000,
	};
}

static void
live(struct world *world, double coming_per_s, unsigned seconds)
{
	for (unsigned i = 0; i < seconds; i++) {
		double able = MIN(world->workers * world->each_per_s, world->ceiling_per_s);
		double taken = MIN(able, world->waiting + coming_per_s);
		double before = world->waiting;
		struct autoscale_load load = {.wanted = world->workers, .ready = world->workers};
		unsigned to;

		world->waiting += coming_per_s - taken;
		load.waiting = (int64_t)world->waiting;
		load.taken_per_s = taken;
		load.growth_per_s = world->waiting - before;
		world->now_ms += 1000;
		to = autoscale_decide(&world->state, &world->limits, &load, world->now_ms,
				      world->reason, sizeof(world->reason));
		if (to != world->workers) {
			int direction = to > world->workers ? 1 : -1;

			world->turns += world->direction == -direction;
			world->direction = direction;
			world->ups += direction > 0;
			world->downs += direction < 0;
			assert_true(world->reason[0] != '\0');
		}
		world->workers = to;
		assert_between(to, world->limits.min, world->limits.max);
	}
}

static void
test_off(void **state UNUSED)
{
	struct world world = make_world(2, 1, 2);

	world.limits.max = 0;
	world.limits.min = 0;
	for (int i = 0; i < 100; i++) {
		struct autoscale_load load = {.wanted = 2, .ready = 2, .waiting = 1000000};

		assert_int_equal(autoscale_decide(&world.state, &world.limits, &load, i * 1000,
						  world.reason, sizeof(world.reason)),
				 2);
	}
}

static void
test_limits_hold_at_once(void **state UNUSED)
{
	struct world world = make_world(1, 3, 8);
	struct autoscale_load load = {.wanted = 1, .ready = 1, .waiting = -1};

	assert_int_equal(autoscale_decide(&world.state, &world.limits, &load, 1000, world.reason,
					  sizeof(world.reason)),
			 3);
	load.wanted = 12;
	assert_int_equal(autoscale_decide(&world.state, &world.limits, &load, 1000, world.reason,
					  sizeof(world.reason)),
			 8);
}

static void
test_up_fast(void **state UNUSED)
{
	struct world world = make_world(1, 1, 8);

	live(&world, 50, 60);
	assert_int_equal(world.workers, 1);
	live(&world, 450, 60); /* four and a half workers' worth */
	assert_between(world.workers, 5, 8);
	live(&world, 450, 120);
	assert_true(world.waiting < 100);
	assert_int_equal(world.turns, 0);
	assert_between(world.ups, 2, 4);
}

static void
test_a_backlog_is_done_in_time(void **state UNUSED)
{
	struct world world = make_world(1, 1, 16);

	world.waiting = 60000; /* ten minutes for one worker */
	live(&world, 0, 150);
	assert_true(world.waiting <= 0);
}

static void
test_down_slowly(void **state UNUSED)
{
	struct world world = make_world(8, 1, 8);

	world.waiting = 4000; /* so that it is seen what one is able to take */
	live(&world, 700, 120);
	assert_int_equal(world.workers, 8);
	live(&world, 100, AUTOSCALE_DOWN_AFTER_MS / 1000 - 5);
	assert_int_equal(world.workers, 8);
	live(&world, 100, 120);
	assert_between(world.workers, 5, 7);
	live(&world, 100, 1200);
	assert_between(world.workers, 2, 3);
	assert_int_equal(world.turns, 0);
	live(&world, 0, 1200);
	assert_int_equal(world.workers, 1);
}

static void
test_a_trickle_needs_one(void **state UNUSED)
{
	struct world world = make_world(4, 1, 8);

	live(&world, 1, 1200);
	assert_int_equal(world.workers, 1);
	assert_int_equal(world.ups, 0);
}

/* Load just at the edge between two counts, for hours. */
static void
test_never_flaps(void **state UNUSED)
{
	static const double loads[] = {95, 100, 105, 140, 199, 200, 201, 250, 299, 300, 340};

	for (size_t i = 0; i < ARRAY_LEN(loads); i++) {
		struct world world = make_world(1, 1, 8);

		live(&world, loads[i], 4 * 3600);
		if (world.turns > 1)
			fail_msg("at %.0f/s: %u up, %u down, %u turns", loads[i], world.ups,
				 world.downs, world.turns);
		assert_true(world.waiting < 60 * loads[i]);
	}
}

/* Waves of ten minutes: a count may follow them, not every second. */
static void
test_waves(void **state UNUSED)
{
	struct world world = make_world(1, 1, 8);

	for (int i = 0; i < 10; i++) {
		live(&world, 500, 600);
		live(&world, 50, 600);
	}
	assert_true(world.turns <= 20);
	assert_true(world.waiting < 100);
}

/* The database is the bottleneck: more workers do not help, and are not added for ever. */
static void
test_useless_steps_end(void **state UNUSED)
{
	struct world world = make_world(1, 1, 64);

	world.ceiling_per_s = 100;
	live(&world, 150, 250);
	assert_between(world.workers, 2, 6);
	assert_true(world.state.useless_until_ms > world.now_ms);
}

static void
test_unknown_changes_nothing(void **state UNUSED)
{
	struct world world = make_world(4, 1, 8);

	for (int i = 0; i < 1000; i++) {
		struct autoscale_load load = {.wanted = 4, .ready = 4, .waiting = -1};

		assert_int_equal(autoscale_decide(&world.state, &world.limits, &load, i * 1000,
						  world.reason, sizeof(world.reason)),
				 4);
	}
}

/* While some are not ready yet, or are dying, their absence must not look like load. */
static void
test_waits_for_the_last_step(void **state UNUSED)
{
	struct world world = make_world(2, 1, 8);

	for (int i = 0; i < 1000; i++) {
		struct autoscale_load load = {
			.wanted = 2, .ready = 1, .waiting = 100000, .taken_per_s = 100};

		assert_int_equal(autoscale_decide(&world.state, &world.limits, &load, i * 1000,
						  world.reason, sizeof(world.reason)),
				 2);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_off),
		cmocka_unit_test(test_limits_hold_at_once),
		cmocka_unit_test(test_up_fast),
		cmocka_unit_test(test_a_backlog_is_done_in_time),
		cmocka_unit_test(test_down_slowly),
		cmocka_unit_test(test_a_trickle_needs_one),
		cmocka_unit_test(test_never_flaps),
		cmocka_unit_test(test_waves),
		cmocka_unit_test(test_useless_steps_end),
		cmocka_unit_test(test_unknown_changes_nothing),
		cmocka_unit_test(test_waits_for_the_last_step),
	};

	return cmocka_run_group_tests_name("autoscale", tests, NULL, NULL);
}
