/* SPDX-License-Identifier: MIT */
/*
 * test_publisher.c - from lines in a file to both queues, and back to the place up to which they
 * are safe, against a broker in memory that refuses, returns, blocks, forgets bindings and breaks.
 *
 * Every turn is followed by a look at what must always hold: a line that counts as confirmed lies
 * in at least one queue, one that counts as verified in each of them. A frame is one line.
 */
#include "producer/publisher.h"
#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/broker/topology.h"
#include "common/settings/stage.h"
#include "producer/follower.h"
#include "tests/fakes/fake_broker.h"
#include "tests/fakes/fake_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	WINDOW = 4,
	LINE = 8,
	TURN_MS = 10,
	CHECK_MS = 1000,
	RETRY_MIN_MS = 100,
	RETRY_MAX_MS = 800
};

static const char LAKE[] = "queue-data-lake", CLEAN[] = "queue-data-clean";
static const char *const queues[] = {LAKE, CLEAN};

static struct {
	char folder[64], path[80];
	struct input_settings input;
	struct settings settings;
	struct status_page page;
	struct process process;
	struct follower follower;
	struct publisher publisher;
	unsigned lines;	   /* written so far */
	unsigned happened; /* of all turns */
	bool is_deaf;	   /* a queue has no binding: confirmed means one queue */
} world;

/* --- the world --- */

/* "line 12\n": LINE bytes each. */
static void
write_lines(unsigned count)
{
	FILE *file = fopen(world.path, "a");

	assert_non_null(file);
	for (; count > 0; count--)
		fprintf(file, "line %02u\n", world.lines++);
	fclose(file);
}

static bool
is_in(const char *queue, unsigned line)
{
	char body[24];

	snprintf(body, sizeof(body), "line %02u\n", line);
	return fake_broker_has(queue, body);
}

static struct log_file *
the_file(void)
{
	assert_int_equal(world.follower.inputs.table.count, 1);
	return world.follower.inputs.table.files[0];
}

static int64_t
confirmed(void)
{
	return the_file()->track.confirmed / LINE;
}

static int64_t
verified(void)
{
	return the_file()->verified.offset / LINE;
}

static void
assert_promises(void)
{
	for (unsigned i = 0; i < confirmed(); i++) {
		bool lake = is_in(LAKE, i), clean = is_in(CLEAN, i);

		if (!(world.is_deaf ? lake || clean : lake && clean))
			fail_msg("line %u is confirmed and not there\n%s", i, fake_record());
	}
	for (unsigned i = 0; i < verified(); i++)
		if (!is_in(LAKE, i) || !is_in(CLEAN, i))
			fail_msg("line %u is verified and not there\n%s", i, fake_record());
	assert_true(verified() <= confirmed());
}

static void
turn(void)
{
	int64_t now_ms = clock_mono_ms();
	unsigned happened;

	follower_turn(&world.follower, &world.publisher, now_ms);
	happened = publisher_turn(&world.publisher, now_ms);
	follower_heed_events(&world.follower, &world.publisher, happened);
	world.happened |= happened;
	assert_promises();
	fake_time_advance(TURN_MS);
}

static void
turn_for(int64_t ms)
{
	for (; ms > 0; ms -= TURN_MS)
		turn();
}

static bool
is_all_confirmed(void)
{
	return confirmed() == world.lines && world.publisher.window.count == 0;
}

static bool
is_all_verified(void)
{
	return verified() == world.lines;
}

static bool
is_full_shown(void)
{
	return strstr(world.page.last_error.text, "is full") != NULL;
}

static bool
is_connected(void)
{
	return publisher_fd(&world.publisher) >= 0;
}

static bool
is_refused(void)
{
	return status_counter(&world.page, COUNTER_FRAMES_REFUSED) > 0;
}

static bool
is_rewound(void)
{
	return (world.happened & PUBLISHER_REWIND) != 0;
}

/* Go on until it is so; what never is fails after five minutes of made-up time. */
static void
turn_until(bool (*is_so)(void))
{
	for (int64_t ms = 0; !is_so(); ms += TURN_MS) {
		if (ms > 300000)
			fail_msg("it does not come about: %s\n%s", world.page.last_error.text,
				 fake_record());
		turn();
	}
}

/* As `sluicectl topology apply` does: the queues with all their bindings. */
static void
apply_topology(void)
{
	struct broker *broker;
	struct failure failure;

	assert_int_equal(broker_open(&broker, &world.settings.broker, BROKER_ADMIN, "", &failure),
			 OUTCOME_DONE);
	assert_int_equal(topology_assert(broker, &world.settings, &failure), OUTCOME_DONE);
	assert_int_equal(topology_assert_spares(broker, &world.settings, &failure), OUTCOME_DONE);
	broker_close(&broker);
	fake_reset(); /* its record */
}

static int
set_up(void **state)
{
	static char format[] = "ezproxy", routing_key[] = "logs";

	(void)state;
	memset(&world, 0, sizeof(world));
	snprintf(world.folder, sizeof(world.folder), "/tmp/sluice-test-publisher-XXXXXX");
	assert_non_null(mkdtemp(world.folder));
	snprintf(world.path, sizeof(world.path), "%s/a.log", world.folder);
	world.input = (struct input_settings){
		.path = world.path, .format = format, .routing_key = routing_key};
	world.settings = (struct settings){
		.inputs = &world.input,
		.input_count = 1,
		.broker = {.retry_min_ms = RETRY_MIN_MS, .retry_max_ms = RETRY_MAX_MS},
		.producer = {.frame_lines = 1,
			     .frame_bytes = 1000,
			     .window_frames = WINDOW,
			     .max_line_bytes = 1000,
			     .check_s = CHECK_MS / 1000},
	};
	world.process = (struct process){
		.name = "producer", .settings = &world.settings, .status = &world.page};
	fake_reset();
	fake_broker_reset();
	fake_time_start(INT64_C(3600) * 1000);
	apply_topology();
	return 0;
}

static void
start_world(void)
{
	struct checkpoint checkpoint = {0};

	write_lines(0);
	follower_open(&world.follower, &world.process, &checkpoint);
	publisher_init(&world.publisher, &world.process);
}

static void
end_world(void)
{
	publisher_close(&world.publisher, true);
	follower_close(&world.follower);
}

static int
tear_down(void **state)
{
	(void)state;
	end_world();
	fake_time_stop();
	assert_int_equal(fake_broker_connections(), 0);
	fake_broker_reset();
	fake_reset();
	unlink(world.path);
	assert_int_equal(rmdir(world.folder), 0);
	return 0;
}

/* With a connection, and a check that went well. */
static void
start_and_connect(void)
{
	start_world();
	write_lines(1);
	turn_until(is_all_verified);
}

static void
fail_call(const char *function, unsigned nth, enum outcome outcome, bool has_effect)
{
	struct fake_fault fault = {.function = function,
				   .nth = nth,
				   .outcome = outcome,
				   .code = outcome == OUTCOME_FATAL ? 406 : 0,
				   .has_effect = has_effect};

	fake_fail(&fault);
}

static void
drop_bindings(const char *queue, const char *spare)
{
	assert_true(fake_broker_unbind(TOPOLOGY_EXCHANGE, "logs", queue));
	assert_true(fake_broker_unbind(TOPOLOGY_EXCHANGE, spare, queue));
}

/* --- what goes well --- */

static void
test_confirm(void **state)
{
	struct delivery *delivery;

	(void)state;
	start_world();
	write_lines(10);
	turn_until(is_all_confirmed);
	assert_int_equal(status_counter(&world.page, COUNTER_LINES_CONFIRMED), 10);
	assert_int_equal(status_counter(&world.page, COUNTER_FRAMES_OUT), 10);
	assert_int_equal(world.publisher.bytes_confirmed, 10 * LINE);
	assert_true(world.happened & PUBLISHER_CONFIRMED);
	assert_int_equal(atomic_load(&world.page.report), REPORT_READY);
	assert_string_equal(world.page.last_error.text, "");
	turn_until(is_all_verified);
	delivery = fake_broker_look(LAKE, 1); /* behind the check */
	assert_true(span_equals(delivery->message.body, SPAN_LITERAL("line 00\n")));
	assert_int_equal(delivery->message.offset, 0);
	assert_int_equal(delivery->message.lines, 1);
	assert_true(span_equals(delivery->message.source, span_of(world.path)));
	delivery_free(&delivery);
}

/* Nothing is published before a check has answered: the bindings may have been lost meanwhile. */
static void
test_check_comes_first(void **state)
{
	(void)state;
	start_world();
	write_lines(1);
	fake_broker_hold_confirms(true);
	turn_for(1000);
	assert_int_equal(fake_calls("broker_publish"), 2); /* one message per queue */
	assert_false(publisher_can_take(&world.publisher, clock_mono_ms()));
	fake_broker_hold_confirms(false);
	fake_broker_release_confirms(true);
	turn_until(is_all_confirmed);
}

static void
test_multiple(void **state)
{
	(void)state;
	start_and_connect();
	fake_broker_hold_confirms(true);
	write_lines(3);
	turn_for(2000);
	assert_int_equal(confirmed(), 1);
	fake_broker_release_confirms(true);
	turn();
	assert_int_equal(confirmed(), 4);
	fake_broker_hold_confirms(false);
	turn_until(is_all_confirmed);
}

static void
test_window_is_full(void **state)
{
	(void)state;
	start_and_connect();
	fake_broker_hold_confirms(true);
	write_lines(WINDOW + 3);
	turn_for(2000);
	assert_int_equal(world.publisher.window.count, WINDOW);
	assert_false(publisher_can_take(&world.publisher, clock_mono_ms()));
	assert_true(publisher_awaits_confirms(&world.publisher, clock_mono_ms()));
	assert_false(is_in(LAKE, WINDOW + 1));
	fake_broker_release_confirms(false);
	turn_for(2000);
	assert_int_equal(confirmed(), 1 + WINDOW);
	assert_int_equal(world.publisher.window.count, 3);
	fake_broker_hold_confirms(false);
	fake_broker_release_confirms(false);
	turn_until(is_all_confirmed);
}

static void
test_events(void **state)
{
	struct text_list events = {.items = (char *[]){(char[]){"started"}, (char[]){"a\nb"}},
				   .count = 2};
	(void)state;
	world.settings.events = events;
	start_world();
	write_lines(1);
	turn_until(is_all_confirmed);
	for (size_t i = 0; i < ARRAY_LEN(queues); i++) {
		assert_true(fake_broker_has(queues[i], "started"));
		assert_true(fake_broker_has(queues[i], "a\nb"));
	}
	assert_int_equal(status_counter(&world.page, COUNTER_LINES_CONFIRMED), 4);
}

static void
test_line_over_the_limit(void **state)
{
	(void)state;
	world.settings.producer.max_line_bytes = 5;
	start_world();
	write_lines(1); /* "line 00" has seven bytes */
	for (int i = 0; i < 100; i++) {
		int64_t now_ms = clock_mono_ms();

		follower_turn(&world.follower, &world.publisher, now_ms);
		(void)!publisher_turn(&world.publisher, now_ms);
		fake_time_advance(TURN_MS);
	}
	assert_int_equal(confirmed(), 1);
	assert_true(fake_broker_has("queue-data-lake.dead", "line "));
	assert_true(fake_broker_has("queue-data-clean.dead", "line "));
	assert_int_equal(status_counter(&world.page, COUNTER_LINES_REJECTED), 1);
	assert_int_equal(status_counter(&world.page, COUNTER_LINES_IN), 1);
}

/* --- refusals --- */

static bool
is_second_confirmed(void)
{
	return is_in(LAKE, 2) && world.publisher.window.in_flight == 0;
}

/* The checkpoint moves over the longest confirmed prefix only, whatever is confirmed behind it. */
static void
test_prefix(void **state)
{
	(void)state;
	start_and_connect();
	fake_broker_nack_next(1);
	write_lines(3);
	turn_until(is_second_confirmed);
	assert_false(is_in(LAKE, 1));
	assert_int_equal(confirmed(), 1);
	turn_until(is_all_confirmed);
	assert_int_equal(status_counter(&world.page, COUNTER_FRAMES_REFUSED), 1);
	assert_int_equal(status_counter(&world.page, COUNTER_LINES_CONFIRMED), 4);
}

static void
test_full_queue(void **state)
{
	int64_t since_ms;
	unsigned published;

	(void)state;
	start_and_connect();
	fake_broker_set_full(CLEAN, true);
	write_lines(10);
	since_ms = fake_time_passed_ms();
	turn_for(2000);
	assert_string_equal(world.page.last_error.text, ""); /* it may be over in a moment */
	turn_until(is_full_shown);
	turn_for(20000); /* a check finds out which queue it is */
	assert_non_null(strstr(world.page.last_error.text, CLEAN));
	assert_true(world.publisher.window.in_flight <= 1);
	assert_int_equal(world.publisher.congestion.limit, 1);
	/* It is asked now and then, not all the time. */
	published = fake_calls("broker_publish");
	turn_for(10000);
	assert_true(fake_calls("broker_publish") - published <=
		    10000 / (RETRY_MAX_MS / 2) + 2 * 10000 / CHECK_MS + 2);
	/* One that lasts is asked on a new connection. */
	assert_int_equal(fake_calls("broker_open"), 1);
	while (fake_time_passed_ms() - since_ms < 62000)
		turn();
	assert_int_equal(fake_calls("broker_open"), 2);
	assert_true(is_full_shown());
	fake_broker_set_full(CLEAN, false);
	turn_until(is_all_confirmed);
	assert_string_equal(world.page.last_error.text, "");
	assert_int_equal(world.publisher.congestion.limit, WINDOW);
}

/* Draining does not wait for a queue that is full. */
static void
test_nothing_to_wait_for(void **state)
{
	(void)state;
	start_and_connect();
	assert_false(publisher_awaits_confirms(&world.publisher, clock_mono_ms()));
	fake_broker_set_full(CLEAN, true);
	write_lines(1);
	turn_until(is_refused);
	assert_int_equal(world.publisher.window.count, 1);
	assert_false(publisher_awaits_confirms(&world.publisher, clock_mono_ms()));
	fake_broker_cut();
	turn();
	assert_false(publisher_awaits_confirms(&world.publisher, clock_mono_ms()));
}

static void
test_alarm(void **state)
{
	(void)state;
	start_and_connect();
	fake_broker_set_alarm(true);
	turn();
	write_lines(3);
	turn_for(120000);
	assert_false(is_in(LAKE, 1));
	assert_int_equal(fake_calls("broker_open"), 1);
	assert_non_null(strstr(world.page.last_error.text, "low on memory"));
	fake_broker_set_alarm(false);
	turn_until(is_all_confirmed);
	assert_string_equal(world.page.last_error.text, "");
}

/* --- bindings --- */

/* All bindings are gone: messages come back, and the bindings are made again. */
static void
test_returned(void **state)
{
	(void)state;
	start_and_connect();
	drop_bindings(LAKE, "logs.#");
	drop_bindings(CLEAN, "#.logs");
	write_lines(3);
	turn_until(is_all_confirmed);
	assert_true(status_counter(&world.page, COUNTER_FRAMES_REFUSED) > 0);
	turn_until(is_all_verified);
}

/* The same without checks: the message that comes back is what tells. */
static void
test_returned_without_checks(void **state)
{
	int64_t since_ms;

	(void)state;
	world.settings.producer.check_s = 0;
	start_and_connect();
	drop_bindings(LAKE, "logs.#");
	drop_bindings(CLEAN, "#.logs");
	since_ms = fake_time_passed_ms();
	write_lines(3);
	turn_until(is_all_confirmed);
	assert_true(fake_time_passed_ms() - since_ms < CONNECTION_TOPOLOGY_MS / 10);
}

/* Without a message that comes back, all is asserted once a minute. */
static void
test_topology_is_asserted(void **state)
{
	(void)state;
	world.settings.producer.check_s = 0;
	start_and_connect();
	world.is_deaf = true;
	drop_bindings(LAKE, "logs.#");
	turn_for(CONNECTION_TOPOLOGY_MS);
	write_lines(1);
	turn_until(is_all_confirmed);
	assert_true(is_in(LAKE, 1));
}

/* One queue lost its bindings, and nothing tells: what went past it is sent again. */
static void
test_one_queue_is_deaf(void **state)
{
	(void)state;
	start_and_connect();
	world.is_deaf = true;
	drop_bindings(LAKE, "logs.#");
	write_lines(3);
	turn_until(is_all_confirmed);
	assert_false(is_in(LAKE, 1));
	assert_int_equal(verified(), 1);
	turn_until(is_rewound);
	turn_until(is_all_verified);
	for (unsigned i = 0; i < world.lines; i++)
		assert_true(is_in(LAKE, i));
}

/* The same where an administrator declares: nothing is published until he has mended it. */
static void
test_one_queue_is_deaf_passive(void **state)
{
	unsigned published;

	(void)state;
	start_and_connect(); /* it makes all that the administrator would make */
	end_world();
	world.settings.broker.declare = DECLARE_PASSIVE;
	start_world();
	turn_until(is_all_verified);
	world.is_deaf = true;
	drop_bindings(CLEAN, "#.logs");
	write_lines(2);
	turn_for(CHECK_MS + 1000);
	assert_int_equal(confirmed(), 3);
	assert_non_null(strstr(world.page.last_error.text, "has lost its bindings"));
	published = fake_calls("broker_publish");
	write_lines(2);
	turn_for(4000);
	assert_false(is_in(LAKE, 3));
	assert_true(fake_calls("broker_publish") > published); /* it goes on asking */
	fake_broker_bind(TOPOLOGY_EXCHANGE, "logs", CLEAN);
	fake_broker_bind(TOPOLOGY_EXCHANGE, "#.logs", CLEAN);
	turn_until(is_rewound);
	turn_until(is_all_verified);
	assert_string_equal(world.page.last_error.text, "");
}

/* Without spare bindings nothing can be checked, and what is confirmed has to do. */
static void
test_passive_without_spares(void **state)
{
	(void)state;
	start_and_connect();
	end_world();
	world.settings.broker.declare = DECLARE_PASSIVE;
	fake_broker_unbind(TOPOLOGY_EXCHANGE, "logs.#", LAKE);
	fake_broker_unbind(TOPOLOGY_EXCHANGE, "#.logs", CLEAN);
	start_world();
	write_lines(2);
	turn_until(is_all_verified);
	assert_false(world.happened & PUBLISHER_REWIND);
	assert_true(publisher_verify(&world.publisher, clock_mono_ms()));
}

static void
test_checks_are_off(void **state)
{
	(void)state;
	world.settings.producer.check_s = 0;
	start_world();
	write_lines(2);
	turn_until(is_all_verified);
	assert_int_equal(fake_calls("broker_publish"), 2);
}

/* --- connections --- */

static void
test_lost_connection(void **state)
{
	(void)state;
	start_and_connect();
	fake_broker_hold_confirms(true);
	write_lines(3);
	turn_for(100);
	assert_int_equal(world.publisher.window.in_flight, 3);
	fake_broker_cut();
	turn();
	assert_false(is_connected());
	assert_int_equal(world.publisher.window.waiting, 3);
	assert_int_equal(atomic_load(&world.page.report), REPORT_WAITING);
	assert_string_not_equal(world.page.last_error.text, "");
	fake_broker_hold_confirms(false);
	turn_until(is_all_confirmed);
	assert_string_equal(world.page.last_error.text, "");
	assert_int_equal(atomic_load(&world.page.report), REPORT_READY);
	assert_int_equal(status_counter(&world.page, COUNTER_LINES_CONFIRMED), 4);
}

/* The broker is away for long: it is asked with growing pauses, and the time is known. */
static void
test_broker_is_away(void **state)
{
	struct fake_fault away = {
		.function = "broker_open", .times = 1000, .outcome = OUTCOME_RETRY};

	(void)state;
	fake_fail(&away);
	start_world();
	write_lines(1);
	turn_for(30000);
	assert_false(is_connected());
	assert_true(fake_calls("broker_open") >= 30000 / RETRY_MAX_MS);
	assert_true(fake_calls("broker_open") <= 30000 / (RETRY_MAX_MS / 2) + 8);
	assert_int_equal(publisher_down_ms(&world.publisher, clock_mono_ms()), 30000);
	assert_int_equal(confirmed(), 0);
}

static void
test_fatal_at_start(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	start_world();
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		fail_call("broker_declare_queue", 1, OUTCOME_FATAL, false);
		turn();
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_not_equal(WEXITSTATUS(status), 99);
	assert_int_not_equal(WEXITSTATUS(status), 0);
}

/* Somebody changes a queue while we run: wait for a person, and go on. */
static void
test_fatal_later(void **state)
{
	struct fake_fault fatal = {.function = "broker_declare_queue",
				   .times = 3,
				   .outcome = OUTCOME_FATAL,
				   .code = 406};

	(void)state;
	start_and_connect();
	fake_fail(&fatal);
	fake_broker_cut();
	write_lines(2);
	turn_until(is_all_confirmed);
	/* After the lost connection a short pause, then the longest one between the tries. */
	assert_true(fake_time_passed_ms() >= 3 * RETRY_MAX_MS);
}

static unsigned
calls_of_a_clean_run(void)
{
	start_world();
	write_lines(6);
	turn_until(is_all_verified);
	write_lines(3);
	turn_until(is_all_verified);
	return fake_calls(NULL);
}

/* Each call that can fail fails once, with its effect and without: nothing is lost. */
static void
test_each_call_fails(void **state)
{
	unsigned calls = calls_of_a_clean_run();

	assert_true(calls > 30);
	for (unsigned i = 0; i < 2 * calls; i++) {
		assert_int_equal(tear_down(state), 0);
		assert_int_equal(set_up(state), 0);
		fail_call(NULL, i / 2 + 1, OUTCOME_RETRY, i % 2 == 1);
		calls_of_a_clean_run();
		for (unsigned line = 0; line < world.lines; line++)
			assert_true(is_in(LAKE, line) && is_in(CLEAN, line));
	}
}

/* --- the file changes meanwhile --- */

/* What is not confirmed is read again; when the file no longer has it, that is the end of it. */
static void
test_truncated_before_confirm(void **state)
{
	(void)state;
	start_and_connect();
	fake_broker_hold_confirms(true);
	write_lines(2);
	turn_for(100);
	assert_int_equal(truncate(world.path, LINE), 0);
	fake_broker_cut();
	fake_broker_hold_confirms(false);
	for (int i = 0; i < 500; i++) {
		int64_t now_ms = clock_mono_ms();

		(void)!publisher_turn(&world.publisher, now_ms);
		fake_time_advance(TURN_MS);
	}
	assert_int_equal(world.publisher.window.count, 0);
	assert_int_equal(the_file()->track.frames, 0);
}

int
main(void)
{
#define PUBLISHER_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		PUBLISHER_TEST(test_confirm),
		PUBLISHER_TEST(test_check_comes_first),
		PUBLISHER_TEST(test_multiple),
		PUBLISHER_TEST(test_window_is_full),
		PUBLISHER_TEST(test_events),
		PUBLISHER_TEST(test_line_over_the_limit),
		PUBLISHER_TEST(test_prefix),
		PUBLISHER_TEST(test_full_queue),
		PUBLISHER_TEST(test_nothing_to_wait_for),
		PUBLISHER_TEST(test_alarm),
		PUBLISHER_TEST(test_returned),
		PUBLISHER_TEST(test_returned_without_checks),
		PUBLISHER_TEST(test_topology_is_asserted),
		PUBLISHER_TEST(test_one_queue_is_deaf),
		PUBLISHER_TEST(test_one_queue_is_deaf_passive),
		PUBLISHER_TEST(test_passive_without_spares),
		PUBLISHER_TEST(test_checks_are_off),
		PUBLISHER_TEST(test_lost_connection),
		PUBLISHER_TEST(test_broker_is_away),
		PUBLISHER_TEST(test_fatal_at_start),
		PUBLISHER_TEST(test_fatal_later),
		PUBLISHER_TEST(test_each_call_fails),
		PUBLISHER_TEST(test_truncated_before_confirm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
