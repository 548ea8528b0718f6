/* SPDX-License-Identifier: MIT */
/* window.c: acks, nacks and returns in any order; how far each file is confirmed. */
#include "producer/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/defs.h"

enum { FRAME_BYTES = 10 };

static struct window window;
static struct window_track tracks[2];
static uint64_t next_tag;

static int
set_up(void **state)
{
	(void)state;
	window_init(&window, 8, 1000);
	memset(tracks, 0, sizeof(tracks));
	snprintf(tracks[0].id, FILE_ID_SIZE, "00000000000000aa");
	snprintf(tracks[1].id, FILE_ID_SIZE, "00000000000000bb");
	next_tag = 0;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	window_clear(&window);
	return 0;
}

static void
publish_waiting(void)
{
	struct window_frame *frame;

	while ((frame = window_next_waiting(&window)) != NULL)
		window_published(&window, frame, ++next_tag);
}

/* Frame number n of a track: bytes [10 n, 10 n + 10), 1 line, marker n + 1. */
static void
add(int track, int n)
{
	struct window_frame frame = {
		.track = &tracks[track],
		.offset = n * FRAME_BYTES,
		.length = FRAME_BYTES,
		.body_len = FRAME_BYTES,
		.end = (n + 1) * FRAME_BYTES,
		.marker = (uint64_t)n + 1,
		.lines = 1,
	};

	window_add(&window, &frame);
}

/*
 * A script: aN/bN adds frame N of a track and publishes it; +T -T answers tag T, *T and /T all up
 * to T; rN returns frame N of track a; L loses the connection; P publishes what waits.
 */
static const struct {
	const char *name, *script;
	int64_t confirmed[2];
	size_t count, waiting, in_flight;
} cases[] = {
	{"nothing answered", "a0 a1 a2", {0, 0}, 3, 0, 3},
	{"in order", "a0 a1 +1 +2", {20, 0}, 0, 0, 0},
	{"out of order waits for the first", "a0 a1 a2 +2 +3", {0, 0}, 3, 0, 1},
	{"out of order, then the first", "a0 a1 a2 +3 +2 +1", {30, 0}, 0, 0, 0},
	{"multiple", "a0 a1 a2 *2", {20, 0}, 1, 0, 1},
	{"multiple over acked ones", "a0 a1 a2 +2 *3", {30, 0}, 0, 0, 0},
	{"unknown tags change nothing", "a0 +7 -9 *0", {0, 0}, 1, 0, 1},
	{"an answer twice", "a0 a1 +1 +1 -1", {10, 0}, 1, 0, 1},
	{"nack waits again", "a0 a1 -1 +2", {0, 0}, 2, 1, 0},
	{"nack, again, acked", "a0 a1 -1 +2 P +3", {20, 0}, 0, 0, 0},
	{"nack multiple", "a0 a1 a2 /2 +3", {0, 0}, 3, 2, 0},
	{"after a nack tags are out of order", "a0 a1 a2 -1 P *3", {0, 0}, 3, 0, 1},
	{"after a nack, all", "a0 a1 a2 -1 P *4", {30, 0}, 0, 0, 0},
	{"the ack of a returned one does not count", "a0 r0 +1", {0, 0}, 1, 1, 0},
	{"returned, acked by multiple", "a0 a1 r0 *2", {0, 0}, 2, 1, 0},
	{"returned, again, acked", "a0 r0 +1 P +2", {10, 0}, 0, 0, 0},
	{"returned and nacked", "a0 r0 -1", {0, 0}, 1, 1, 0},
	{"connection lost", "a0 a1 +2 L", {0, 0}, 2, 1, 0},
	{"lost, then all again", "a0 a1 a2 +2 L P *9", {30, 0}, 0, 0, 0},
	{"a confirmed one stays confirmed", "a0 a1 +1 L", {10, 0}, 1, 1, 0},
	{"files do not hold each other back", "a0 b0 a1 b1 +2 +4", {0, 20}, 4, 0, 2},
	{"each file its own prefix", "a0 b0 a1 b1 +1 +4", {10, 0}, 3, 0, 2},
	{"ring goes round", "a0 a1 a2 a3 a4 a5 *6 a6 a7 a8 a9 *9", {90, 0}, 1, 0, 1},
};

static void
run_step(const char *step)
{
	int number = atoi(step + 1);
	char id[64];

	switch (step[0]) {
	case 'a':
	case 'b':
		assert_true(window_has_room(&window));
		add(step[0] - 'a', number);
		publish_waiting();
		break;
	case '+':
		window_acked(&window, (uint64_t)number, false);
		break;
	case '*':
		window_acked(&window, (uint64_t)number, true);
		break;
	case '-':
		window_nacked(&window, (uint64_t)number, false);
		break;
	case '/':
		window_nacked(&window, (uint64_t)number, true);
		break;
	case 'r':
		snprintf(id, sizeof(id), "00000000000000aa:%d", number * FRAME_BYTES);
		assert_true(window_returned(&window, span_of(id)));
		break;
	case 'L':
		window_lost(&window);
		next_tag = 0;
		break;
	case 'P':
		publish_waiting();
		break;
	default:
		fail();
	}
	window_advance(&window);
}

static void
test_scripts(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char script[128], *save = NULL;

		tear_down(state);
		set_up(state);
		snprintf(script, sizeof(script), "%s", cases[i].script);
		for (char *step = strtok_r(script, " ", &save); step != NULL;
		     step = strtok_r(NULL, " ", &save))
			run_step(step);
		if (tracks[0].confirmed != cases[i].confirmed[0] ||
		    tracks[1].confirmed != cases[i].confirmed[1] ||
		    window.count != cases[i].count || window.waiting != cases[i].waiting ||
		    window.in_flight != cases[i].in_flight)
			fail_msg("%s: confirmed %lld %lld, %zu frames, %zu waiting, %zu in flight",
				 cases[i].name, (long long)tracks[0].confirmed,
				 (long long)tracks[1].confirmed, window.count, window.waiting,
				 window.in_flight);
		/* The marker goes with the offset. */
		assert_int_equal(tracks[0].marker, (uint64_t)tracks[0].confirmed / FRAME_BYTES);
	}
}

static void
test_bounds(void **state)
{
	struct window_frame big = {
		.track = &tracks[0], .body_len = 5000, .length = 5000, .end = 5000};

	(void)state;
	for (int i = 0; i < 8; i++) {
		assert_true(window_has_room(&window));
		add(0, i);
	}
	assert_false(window_has_room(&window)); /* frames */
	publish_waiting();
	window_acked(&window, 8, true);
	window_advance(&window);
	window_add(&window, &big);		/* one may always be added, however big */
	assert_false(window_has_room(&window)); /* bytes */
	publish_waiting();
	window_acked(&window, 9, false);
	assert_int_equal(window.bytes, 0);
}

static void
test_change_counts(void **state)
{
	struct window_change change;

	(void)state;
	for (int i = 0; i < 4; i++)
		add(0, i);
	publish_waiting();
	change = window_acked(&window, 3, true);
	assert_int_equal(change.confirmed, 3);
	assert_int_equal(change.lines, 3);
	assert_int_equal(change.bytes, 3 * FRAME_BYTES);
	change = window_nacked(&window, 4, true);
	assert_int_equal(change.requeued, 1);
	assert_int_equal(change.confirmed, 0);
}

static void
test_foreign_return(void **state)
{
	(void)state;
	add(0, 0);
	publish_waiting();
	assert_false(window_returned(&window, SPAN_LITERAL("00000000000000aa:1")));
	assert_false(window_returned(&window, SPAN_LITERAL("")));
	assert_false(window_returned(&window, SPAN_NULL));
	window_acked(&window, 1, false);
	assert_true(window_advance(&window));
	assert_int_equal(tracks[0].confirmed, FRAME_BYTES);
}

static void
test_drop(void **state)
{
	(void)state;
	add(0, 0);
	add(0, 1);
	window_drop(&window, window_next_waiting(&window));
	publish_waiting();
	window_acked(&window, 1, false);
	window_advance(&window);
	assert_int_equal(tracks[0].confirmed, 2 * FRAME_BYTES);
	assert_int_equal(window.bytes, 0);
}

/*
 * The pair of messages for a line over the limit: only both together move the checkpoint over it.
 */
static void
test_pair(void **state)
{
	struct window_frame first = {.track = &tracks[0], .length = 90, .body_len = 10, .end = 0};
	struct window_frame second = first;

	(void)state;
	second.end = 90;
	window_add(&window, &first);
	window_add(&window, &second);
	publish_waiting();
	window_acked(&window, 2, false);
	window_advance(&window);
	assert_int_equal(tracks[0].confirmed, 0);
	window_acked(&window, 1, false);
	window_advance(&window);
	assert_int_equal(tracks[0].confirmed, 90);
}

/* Random answers; in the end everything is confirmed once, in each file up to its end. */
static void
test_random(void **state)
{
	int added[2] = {0, 0};
	uint64_t lines = 0;

	(void)state;
	srandom(1);
	for (int turn = 0; turn < 200000; turn++) {
		int choice = (int)(random() % 8);
		uint64_t tag = next_tag > 0 ? (uint64_t)random() % (next_tag + 1) : 0;
		int64_t before = tracks[0].confirmed;

		if (choice < 3 && window_has_room(&window) && window.count < 8)
			add(choice % 2, added[choice % 2]++);
		else if (choice < 5)
			lines += window_acked(&window, tag, choice == 4).lines;
		else if (choice == 5)
			window_nacked(&window, tag, random() % 4 == 0);
		else if (choice == 6)
			publish_waiting();
		else if (random() % 50 == 0)
			window_lost(&window);
		window_advance(&window);
		assert_true(tracks[0].confirmed >= before);
		assert_true(window.waiting + window.in_flight <= window.count);
	}
	window_lost(&window);
	next_tag = 0;
	publish_waiting();
	lines += window_acked(&window, UINT64_MAX, true).lines;
	window_advance(&window);
	assert_int_equal(window.count, 0);
	assert_int_equal(window.bytes, 0);
	assert_int_equal(lines, (uint64_t)added[0] + (uint64_t)added[1]);
	assert_int_equal(tracks[0].confirmed, added[0] * FRAME_BYTES);
	assert_int_equal(tracks[1].confirmed, added[1] * FRAME_BYTES);
	assert_int_equal(tracks[0].frames + tracks[1].frames, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_scripts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bounds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_change_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_foreign_return, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_drop, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pair, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_random, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
