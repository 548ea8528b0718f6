/* SPDX-License-Identifier: MIT */
/*
 * test_worker.c - the loop of a worker, from the queue to the acknowledgement, against a broker and
 * a database in memory. What must always hold is checked at every acknowledgement: each line of the
 * message is a committed row or a confirmed dead letter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/message/lines.h"
#include "common/process/handover.h"
#include "common/process/status.h"
#include "common/settings/stage.h"
#include "common/worker/worker.h"
#include "lake_worker/raw_row.h"
#include "tests/fakes/fake_broker.h"
#include "tests/fakes/fake_db.h"
#include "tests/fakes/fake_time.h"

static const char QUEUE[] = "queue-data-lake";
static const char DEAD_QUEUE[] = "queue-data-lake.dead";
static const char SETTINGS[] = "inputs = ();\n"
			       "broker : { password_file = \"\"; };\n"
			       "database : { password_file = \"\"; };\n"
			       "lake : { prefetch = 4; batch_rows = 5; batch_ms = 200; };\n"
			       "log : { level = \"error\"; };\n";

static struct {
	struct status_page *page;
	int status_fd;
	bool told_to_stop, cancelled;
	unsigned acked; /* messages */
} world;

/* --- a role, and what must hold --- */

/* Lines that begin with '!' cannot be read. */
static enum reason
fill(void *state, const struct line_context *line, void *out, char detail[REJECT_DETAIL_MAX])
{
	if (line->line.len > 0 && line->line.ptr[0] == '!') {
		snprintf(detail, REJECT_DETAIL_MAX, "byte 1: a bad line");
		return REASON_PARSE_NO_MATCH;
	}
	return raw_row_fill(state, line, out, detail);
}

static const struct worker_ops ops = {
	.stage = STAGE_LAKE,
	.purpose = "for a test",
	.table = &raw_log_table,
	.fill = fill,
	.compare = raw_row_compare,
};

/* Each line of the body is a row or a dead letter, and not both. */
static void
assert_lines_are_safe(struct span body)
{
	struct line_reader reader = lines_of(body);
	struct span line;

	while (lines_next(&reader, &line)) {
		char text[256];
		bool row, letter;

		snprintf(text, sizeof(text), "%.*s", (int)line.len, line.ptr);
		row = fake_db_has("raw_log", "log", text);
		letter = fake_broker_has(DEAD_QUEUE, text);
		if (row == letter)
			fail_msg("line \"%s\" is %s\n%s", text,
				 row ? "a row and a dead letter" : "nowhere", fake_record());
	}
}

static void
check_ack(void *context, const char *queue, const struct message *message)
{
	(void)context;
	assert_string_equal(queue, QUEUE);
	assert_lines_are_safe(message->body);
	world.acked++;
}

/* --- one run --- */

static void
tell_to_stop(int signal_number)
{
	world.told_to_stop = true;
	kill(getpid(), signal_number);
}

static void
stop_when_all_is_acked(void *context, unsigned wait)
{
	(void)context;
	(void)wait;
	if (!world.told_to_stop && fake_broker_ready(QUEUE) == 0 && fake_broker_unacked(QUEUE) == 0)
		tell_to_stop(SIGTERM);
}

static int
set_up(void **state)
{
	(void)state;
	fake_reset();
	fake_broker_reset();
	fake_db_reset();
	fake_db_refuse("poison", 1406);
	fake_broker_add_queue(QUEUE);
	fake_broker_add_queue(DEAD_QUEUE);
	fake_broker_on_ack(check_ack, NULL);
	world.told_to_stop = false;
	world.acked = 0;
	memset(world.page, 0, STATUS_PAGE_SIZE);
	world.page->version = STATUS_VERSION;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	assert_int_equal(fake_broker_connections(), 0);
	assert_int_equal(fake_db_connections(), 0);
	fake_broker_reset();
	fake_db_reset();
	fake_reset();
	return 0;
}

static int
make_page(void **state)
{
	(void)state;
	world.status_fd = memfd_create("status", 0);
	assert_true(world.status_fd >= 0);
	assert_int_equal(ftruncate(world.status_fd, STATUS_PAGE_SIZE), 0);
	world.page = mmap(NULL, STATUS_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			  world.status_fd, 0);
	assert_ptr_not_equal(world.page, MAP_FAILED);
	/* room for what is handed over */
	for (int fd = HANDOVER_STATUS_FD; fd < HANDOVER_END_FD; fd++)
		if (world.status_fd < HANDOVER_END_FD)
			world.status_fd = dup(world.status_fd);
	return 0;
}

/* Run a worker as sluiced starts it; on_wait is called whenever it waits. */
static int
run_with(const char *settings_text, fake_time_wait_fn *on_wait)
{
	char program[] = "sluice-lake-worker", option[] = "--slot", slot[] = "0:lake/0";
	char *arguments[] = {program, option, slot, NULL};
	int settings = memfd_create("settings", 0), life[2], exit_code;

	assert_int_equal(write(settings, settings_text, strlen(settings_text)),
			 strlen(settings_text));
	assert_int_equal(pipe(life), 0);
	assert_true(dup2(life[0], HANDOVER_LIFE_FD) >= 0);
	assert_true(dup2(settings, HANDOVER_SETTINGS_FD) >= 0);
	assert_true(dup2(world.status_fd, HANDOVER_STATUS_FD) >= 0);
	optind = 0;
	fake_time_start(INT64_C(3600) * 1000);
	fake_time_on_wait(on_wait, NULL);
	exit_code = worker_main(3, arguments, &ops);
	fake_time_stop();
	close(life[0]);
	close(life[1]);
	close(settings);
	return exit_code;
}

static void
run(fake_time_wait_fn *on_wait)
{
	assert_int_equal(run_with(SETTINGS, on_wait), EX_OK);
}

/* Where a call stands in the record; fails when it does not. */
static size_t
position_of(const char *call)
{
	const char *found = strstr(fake_record(), call);

	if (found == NULL)
		fail_msg("no \"%s\" in\n%s", call, fake_record());
	return (size_t)(found - fake_record());
}

/* --- tests --- */

static void
test_one_batch(void **state)
{
	(void)state;
	fake_broker_put_text(QUEUE, "a\nb\n");
	fake_broker_put_text(QUEUE, "c");
	fake_broker_put_text(QUEUE, "");
	run(stop_when_all_is_acked);
	assert_int_equal(world.acked, 3);
	assert_int_equal(fake_db_row_count("raw_log"), 3);
	assert_int_equal(fake_calls("db_commit"), 1);
	assert_int_equal(fake_calls("broker_ack"), 1);
	assert_true(position_of("db_commit") < position_of("broker_ack 3 multiple\n"));
	assert_int_equal(status_counter(world.page, COUNTER_ROWS_STORED), 3);
	assert_int_equal(status_counter(world.page, COUNTER_LINES_IN), 3);
	assert_int_equal(status_counter(world.page, COUNTER_FRAMES_IN), 2);
	/* nothing was rejected: nothing was ever published */
	assert_null(strstr(fake_record(), "broker_open publish"));
}

static void
test_order_of_the_end(void **state)
{
	(void)state;
	fake_broker_put_text(QUEUE, "good\n!bad\n");
	run(stop_when_all_is_acked);
	assert_true(fake_broker_has(DEAD_QUEUE, "!bad"));
	assert_true(position_of("db_commit") < position_of("broker_publish"));
	assert_true(position_of("broker_publish") < position_of("broker_next acked"));
	assert_true(position_of("broker_next acked") < position_of("broker_ack 1 multiple\n"));
	assert_int_equal(status_counter(world.page, COUNTER_LINES_REJECTED), 1);
}

static void
test_bad_row_spares_its_neighbours(void **state)
{
	(void)state;
	fake_broker_put_text(QUEUE, "a\nb\nthe poison\nc\nd\n");
	run(stop_when_all_is_acked);
	assert_int_equal(fake_db_row_count("raw_log"), 4);
	assert_int_equal(fake_broker_ready(DEAD_QUEUE), 1);
	assert_true(fake_broker_has(DEAD_QUEUE, "the poison"));
}

/* Its lines are two batches: it is acknowledged after the second. */
static void
test_message_larger_than_batch(void **state)
{
	(void)state;
	fake_broker_put_text(QUEUE, "1\n2\n3\n4\n5\n6\n7\n");
	run(stop_when_all_is_acked);
	assert_int_equal(fake_db_row_count("raw_log"), 7);
	assert_int_equal(fake_calls("db_commit"), 2);
	assert_int_equal(fake_calls("broker_ack"), 1);
}

/* Lines that come in one by one are no transaction each. */
static void
trickle(void *context, unsigned wait)
{
	char line[32];

	if (wait <= 20 && fake_broker_ready(QUEUE) == 0) {
		snprintf(line, sizeof(line), "line %u\n", wait);
		fake_broker_put_text(QUEUE, line);
	} else if (wait > 20) {
		stop_when_all_is_acked(context, wait);
	}
}

static void
test_commits_are_apart(void **state)
{
	(void)state;
	run(trickle);
	assert_int_equal(fake_db_row_count("raw_log"), 20);
	assert_true(fake_calls("db_commit") <= 8);
	assert_int_equal(fake_calls("db_commit"), fake_calls("broker_ack"));
}

/* Told to stop while more messages wait than it has in hand. */
static void
stop_in_the_first_wait(void *context, unsigned wait)
{
	(void)context;
	if (wait == 1)
		tell_to_stop(SIGTERM);
}

static void
test_drain(void **state)
{
	struct fake_fault fault = {.function = "db_commit", .outcome = OUTCOME_RETRY, .code = 1205};

	(void)state;
	for (int i = 0; i < 10; i++)
		fake_broker_put_text(QUEUE, i % 2 == 0 ? "a\n" : "b\n");
	fake_fail(&fault); /* so that it waits with a full window in hand */
	run(stop_in_the_first_wait);
	assert_int_equal(world.acked, 4);
	assert_int_equal(fake_broker_ready(QUEUE), 6);
	assert_int_equal(atomic_load(&world.page->report), REPORT_DRAINING);
}

/* A drain does not wait for ever for a database that does not come back. */
static void
test_drain_without_database(void **state)
{
	struct fake_fault fault = {
		.function = "db_commit", .times = 1000, .outcome = OUTCOME_RETRY, .code = 2013};

	(void)state;
	fake_broker_put_text(QUEUE, "a\n");
	fake_fail(&fault);
	run(stop_in_the_first_wait);
	assert_int_equal(world.acked, 0);
	assert_int_equal(fake_broker_ready(QUEUE), 1);
}

static void
stop_at_once(void *context, unsigned wait)
{
	(void)context;
	if (wait == 1)
		tell_to_stop(SIGQUIT);
}

static void
test_stop_now(void **state)
{
	struct fake_fault fault = {.function = "db_commit", .outcome = OUTCOME_RETRY, .code = 1205};

	(void)state;
	fake_broker_put_text(QUEUE, "a\n");
	fake_fail(&fault);
	run(stop_at_once);
	assert_int_equal(world.acked, 0);
	assert_int_equal(fake_broker_ready(QUEUE), 1);
	assert_int_equal(fake_db_row_count("raw_log"), 0);
}

/* The connection breaks while rows wait for the database: all of it comes once more. */
static void
cut_in_the_first_wait(void *context, unsigned wait)
{
	if (wait == 1)
		fake_broker_cut();
	else
		stop_when_all_is_acked(context, wait);
}

static void
test_reconnect(void **state)
{
	struct fake_fault fault = {.function = "db_commit", .outcome = OUTCOME_RETRY, .code = 1205};

	(void)state;
	fake_broker_put_text(QUEUE, "a\n!b\n");
	fake_broker_put_text(QUEUE, "c\n");
	fake_fail(&fault);
	run(cut_in_the_first_wait);
	assert_int_equal(world.acked, 2);
	assert_int_equal(fake_db_row_count("raw_log"), 2);
	assert_int_equal(fake_broker_ready(DEAD_QUEUE), 1);
	assert_true(fake_time_passed_ms() >= 250);
}

static void
cut_and_put_in_the_first_wait(void *context, unsigned wait)
{
	if (wait == 1)
		fake_broker_put_text(QUEUE, "b\n");
	cut_in_the_first_wait(context, wait);
}

/* The broker is gone, and comes back after some tries. */
static void
test_broker_outage(void **state)
{
	struct fake_fault fault = {
		.function = "broker_open", .nth = 2, .times = 6, .outcome = OUTCOME_RETRY};

	(void)state;
	fake_broker_put_text(QUEUE, "a\n");
	fake_fail(&fault);
	run(cut_and_put_in_the_first_wait);
	assert_int_equal(world.acked, 2);
	assert_int_equal(fake_calls("broker_open"), 8);
	assert_true(fake_time_passed_ms() > 10000); /* it backed off */
	assert_true(status_counter(world.page, COUNTER_RETRIES) >= 7);
}

/* The last error of the worker that was not nothing, as sluiced would see it. */
static char seen_error[STATUS_TEXT_MAX];

static void
look_at_error(void)
{
	char error[STATUS_TEXT_MAX];

	status_read_text(&world.page->last_error, error, sizeof(error));
	if (error[0] != '\0')
		memcpy(seen_error, error, sizeof(error));
}

static void
delete_queue_in_the_first_wait(void *context, unsigned wait)
{
	look_at_error();
	if (wait == 1) {
		fake_broker_delete_queue(QUEUE);
	} else if (fake_calls("broker_consume") == 2) { /* it has declared the queue itself */
		stop_when_all_is_acked(context, wait);
	}
}

/* What was taken from a queue that is gone is stored all the same; nobody else has it. */
static void
test_queue_deleted(void **state)
{
	struct fake_fault fault = {.function = "db_commit", .outcome = OUTCOME_RETRY, .code = 1205};

	(void)state;
	seen_error[0] = '\0';
	fake_broker_put_text(QUEUE, "a\nb\n!c\n");
	fake_fail(&fault);
	run(delete_queue_in_the_first_wait);
	if (strstr(seen_error, "was deleted") == NULL)
		fail_msg("last error: %s", seen_error);
	assert_lines_are_safe(SPAN_LITERAL("a\nb\n!c\n"));
}

static void
cancel_after_a_while(void *context, unsigned wait)
{
	look_at_error();
	if (fake_time_passed_ms() >= 8000 && !world.cancelled) {
		world.cancelled = true;
		fake_broker_cancel_consumers();
	} else if (fake_calls("broker_consume") == 2)
		stop_when_all_is_acked(context, wait);
}

/* RabbitMQ 4.3 cancels a consumer that takes too long; its queue is there, and it says so. */
static void
test_consumer_cancelled(void **state)
{
	struct fake_fault fault = {
		.function = "db_commit", .times = 12, .outcome = OUTCOME_RETRY, .code = 1205};

	(void)state;
	seen_error[0] = '\0';
	fake_broker_put_text(QUEUE, "a\nb\n!c\n");
	fake_fail(&fault);
	run(cancel_after_a_while);
	assert_non_null(strstr(seen_error,
			       "cancelled the consumer of queue queue-data-lake, which is there"));
	assert_lines_are_safe(SPAN_LITERAL("a\nb\n!c\n"));
}

static void
pause_and_resume(void *context, unsigned wait)
{
	if (wait == 1) {
		atomic_store(&world.page->pause_wanted, 1);
	} else if (wait == 3) {
		assert_int_equal(atomic_load(&world.page->paused), 1);
		fake_broker_put_text(QUEUE, "while paused\n");
	} else if (wait == 6) {
		assert_int_equal(fake_broker_ready(QUEUE), 1);
		atomic_store(&world.page->pause_wanted, 0);
	} else if (wait > 6) {
		stop_when_all_is_acked(context, wait);
	}
}

static void
test_pause(void **state)
{
	(void)state;
	run(pause_and_resume);
	assert_int_equal(world.acked, 1);
	assert_int_equal(fake_calls("broker_cancel"), 2); /* the second one is the drain's */
	assert_int_equal(fake_calls("broker_consume"), 2);
}

/* Under an alarm dead letters wait, and with them the acknowledgement; then all goes on. */
static void
alarm_for_a_while(void *context, unsigned wait)
{
	if (wait == 100) {
		assert_int_equal(world.acked, 0);
		assert_int_equal(fake_broker_unacked(QUEUE), 1);
		fake_broker_set_alarm(false);
	} else if (wait > 100) {
		stop_when_all_is_acked(context, wait);
	}
}

static void
test_alarm(void **state)
{
	(void)state;
	fake_broker_put_text(QUEUE, "!b\n");
	fake_broker_set_alarm(true);
	run(alarm_for_a_while);
	assert_int_equal(world.acked, 1);
	assert_true(fake_broker_has(DEAD_QUEUE, "!b"));
}

/* After a death with lines in hand: one message at a time. */
static void
test_careful_start(void **state)
{
	struct suspects suspects = {0};

	(void)state;
	suspects_note(&suspects, "", SUSPECT_LINE_ALL, SUSPECT_WEIGHT_CRASHED, INT64_C(1000000));
	status_write_suspects(world.page, &suspects);
	for (int i = 0; i < 3; i++)
		fake_broker_put_text(QUEUE, "a\n");
	run(stop_when_all_is_acked);
	assert_int_equal(world.acked, 3);
	assert_int_equal(fake_calls("db_commit"), 3);
	position_of("broker_consume queue-data-lake 1\n");
}

/* Lines that are refused are told from a sick server by others, so others have to be taken. */
static void
test_careful_and_all_refused(void **state)
{
	struct suspects suspects = {0};

	(void)state;
	suspects_note(&suspects, "", SUSPECT_LINE_ALL, SUSPECT_WEIGHT_CRASHED, INT64_C(1000000));
	status_write_suspects(world.page, &suspects);
	fake_db_refuse("bad", 4025);
	fake_broker_put_text(QUEUE, "bad 1\nbad 2\n");
	for (int i = 0; i < 3; i++)
		fake_broker_put_text(QUEUE, "a\n");
	run(stop_when_all_is_acked);
	assert_int_equal(world.acked, 4);
	assert_true(fake_broker_has(DEAD_QUEUE, "bad 1") && fake_broker_has(DEAD_QUEUE, "bad 2"));
}

/* What only a person can mend ends a program that has just been started. */
static void
test_fatal_at_the_start(void **state)
{
	struct fake_fault fault = {.function = "db_open", .outcome = OUTCOME_FATAL, .code = 1045};
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0) {
		close(STDERR_FILENO);
		fake_fail(&fault);
		run_with(SETTINGS, stop_when_all_is_acked);
		_exit(EX_OK);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EX_CONFIG);
}

/* Later it is waited for, with the messages in hand. */
static void
test_fatal_later(void **state)
{
	struct fake_fault fault = {
		.function = "db_insert_rows", .times = 3, .outcome = OUTCOME_FATAL, .code = 1146};

	(void)state;
	fake_broker_put_text(QUEUE, "a\n");
	fake_fail(&fault);
	run(stop_when_all_is_acked);
	assert_int_equal(world.acked, 1);
	assert_true(fake_time_passed_ms() >= 90000); /* retry_max_ms each time */
}

/* --- every call fails once --- */

static const char *const bodies[] = {"a\nb\n!c\n", "d\nthe poison\ne\nf\n", "", "!g",
				     "h\ni\nj\nk\nl\nm\nn\n!o\n"};

static void
run_all_bodies(const struct fake_fault *fault)
{
	set_up(NULL);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		fake_broker_put_text(QUEUE, bodies[i]);
	if (fault != NULL)
		fake_fail(fault);
	run(stop_when_all_is_acked);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		assert_lines_are_safe(span_of(bodies[i]));
	assert_int_equal(fake_db_row_count("raw_log"), 12);
	if (fault == NULL || !fault->has_effect)
		assert_int_equal(world.acked, ARRAY_LEN(bodies));
}

static void
test_each_call_fails(void **state)
{
	static const struct fake_fault faults[] = {
		{.outcome = OUTCOME_RETRY, .code = 2013},
		{.outcome = OUTCOME_RETRY, .code = 2013, .has_effect = true},
		{.outcome = OUTCOME_RETRY, .code = 1205},
		{.outcome = OUTCOME_RETRY, .code = 1213, .times = 3},
		{.outcome = OUTCOME_RETRY, .code = 9999}, /* unknown */
		{.outcome = OUTCOME_FATAL, .code = 1142},
	};
	unsigned calls, connect_calls;

	run_all_bodies(NULL);
	calls = fake_calls(NULL);
	connect_calls = 0;
	for (const char *line = fake_record(); strncmp(line, "broker_next", 11) != 0;
	     line = strchr(line, '\n') + 1)
		connect_calls++;
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		/* at the start a fatal failure ends the program */
		unsigned first = faults[i].outcome == OUTCOME_FATAL ? connect_calls + 1 : 1;

		for (unsigned n = first; n <= calls; n++) {
			struct fake_fault fault = faults[i];

			fault.nth = n;
			tear_down(state);
			run_all_bodies(&fault);
		}
	}
	assert_true(calls > 40);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one_batch),
		TEST(test_order_of_the_end),
		TEST(test_bad_row_spares_its_neighbours),
		TEST(test_message_larger_than_batch),
		TEST(test_commits_are_apart),
		TEST(test_drain),
		TEST(test_drain_without_database),
		TEST(test_stop_now),
		TEST(test_reconnect),
		TEST(test_broker_outage),
		TEST(test_queue_deleted),
		TEST(test_consumer_cancelled),
		TEST(test_pause),
		TEST(test_alarm),
		TEST(test_careful_start),
		TEST(test_careful_and_all_refused),
		TEST(test_fatal_at_the_start),
		TEST(test_fatal_later),
		TEST(test_each_call_fails),
	};

	return cmocka_run_group_tests(tests, make_page, NULL);
}
