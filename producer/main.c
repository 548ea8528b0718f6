/* SPDX-License-Identifier: MIT */
/*
 * main.c - sluice-producer: follows log files and publishes their lines.
 *
 * One loop, one thread: look at the files, read and publish while the window has room (follower.h),
 * take confirms (publisher.h), save the checkpoint (checkpoint_writer.h), wait. Everything that can
 * go wrong with the broker stops the reading and nothing else.
 */
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/process/process.h"
#include "producer/checkpoint_writer.h"
#include "producer/follower.h"
#include "producer/input_report.h"
#include "producer/progress.h"
#include "producer/publisher.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

enum { ONCE_MS = 30000 }; /* --once waits so long for a broker */

struct producer {
	struct process process;
	struct checkpoint_writer writer;
	struct follower follower;
	struct publisher publisher;
	struct progress progress;
	struct input_report report;
	int64_t drain_until_ms; /* 0: not draining */
};

/* Every followed file is held open. */
static void
raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static struct progress_facts
facts(const struct producer *producer)
{
	return (struct progress_facts){
		.lines = status_counter(producer->process.status, COUNTER_LINES_CONFIRMED),
		.bytes = producer->publisher.bytes_confirmed,
		.bytes_left = input_set_bytes_left(&producer->follower.inputs) +
			      (int64_t)producer->publisher.window.bytes,
	};
}

static void
start(struct producer *producer, int argc, char **argv)
{
	static const struct process_description description = {
		.role = "producer",
		.program = "sluice-producer",
		.purpose = "Follows log files and publishes their lines to RabbitMQ.",
		.has_once = true,
	};
	struct process *process = &producer->process;
	struct progress_facts now;

	process_start(process, &description, argc, argv);
	if (settings_check_inputs(process->settings) != 0)
		exit(EX_CONFIG);
	raise_file_limit();
	checkpoint_writer_open(&producer->writer, process->settings->supervisor.state_dir);
	input_report_open(&producer->report, process);
	follower_open(&producer->follower, process, &producer->writer.checkpoint);
	publisher_init(&producer->publisher, process);
	now = facts(producer);
	progress_start(&producer->progress, !process->supervised && isatty(STDERR_FILENO), &now,
		       clock_mono_ms());
	if (process->once && input_set_is_empty(&producer->follower.inputs) &&
	    process->settings->events.count == 0)
		fatal_exit(EX_NOINPUT, "no input can be read: nothing to do");
}

/*
 * Draining: stop reading, wait for confirms while they can come. True when there is nothing to wait
 * for.
 */
static bool
is_drained(struct producer *producer, int64_t now_ms)
{
	const struct publisher *publisher = &producer->publisher;

	if (producer->drain_until_ms == 0) {
		producer->drain_until_ms =
			now_ms + producer->process.settings->supervisor.drain_s * 1000;
		status_set_report(producer->process.status, REPORT_DRAINING);
		log_info("stopping: no more is read; waiting for %zu unconfirmed message%s",
			 publisher->window.count, PLURAL(publisher->window.count));
	}
	return now_ms >= producer->drain_until_ms || !publisher_awaits_confirms(publisher, now_ms);
}

static bool
is_finished(struct producer *producer, int64_t now_ms)
{
	const struct process *process = &producer->process;
	struct publisher *publisher = &producer->publisher;

	if (process->stop_now)
		return true;
	if (process->stop)
		return is_drained(producer, now_ms);
	if (!process->once)
		return false;
	if (publisher_down_ms(publisher, now_ms) >= ONCE_MS)
		return true;
	return follower_is_done(&producer->follower) && publisher->window.count == 0 &&
	       publisher_verify(publisher, now_ms);
}

static void
wait_for_something(struct producer *producer)
{
	const struct follower *follower = &producer->follower;
	const struct publisher *publisher = &producer->publisher;
	int64_t now_ms = clock_mono_ms();
	int64_t due_ms =
		MIN(publisher_due_ms(publisher, now_ms), progress_due_ms(&producer->progress));
	struct pollfd fds[] = {
		{.fd = publisher_fd(publisher), .events = POLLIN},
		{.fd = -1, .events = POLLIN},
	};

	if (!producer->process.stop) {
		due_ms = MIN(due_ms, follower_due_ms(follower, publisher, now_ms));
		fds[1].fd = follower_fd(follower, now_ms);
	}
	due_ms = MIN(due_ms, checkpoint_writer_due_ms(&producer->writer, &follower->inputs));
	process_wait(&producer->process, fds, ARRAY_LEN(fds), due_ms - now_ms);
}

static void
producer_run(struct producer *producer)
{
	struct follower *follower = &producer->follower;
	struct publisher *publisher = &producer->publisher;

	for (;;) {
		int64_t now_ms = clock_mono_ms();
		struct progress_facts current;
		unsigned happened;

		follower_heed_pause(follower, publisher);
		if (!producer->process.stop)
			follower_turn(follower, publisher, now_ms);
		happened = publisher_turn(publisher, now_ms);
		if (happened & PUBLISHER_CONFIRMED)
			checkpoint_writer_confirmed(&producer->writer);
		follower_heed_events(follower, publisher, happened);
		checkpoint_writer_turn(&producer->writer, &follower->inputs, false, now_ms);
		follower_show_error(follower, checkpoint_writer_error(&producer->writer));
		input_report_turn(&producer->report, &follower->inputs, now_ms);
		current = facts(producer);
		progress_turn(&producer->progress, &current, now_ms);
		if (is_finished(producer, now_ms))
			return;
		wait_for_something(producer);
	}
}

/* Say how it ended. Returns the exit code. */
static int
conclude(const struct producer *producer)
{
	const struct process *process = &producer->process;
	const struct follower *follower = &producer->follower;
	size_t unconfirmed = producer->publisher.window.count;
	unsigned unreadable = input_set_unreadable(&follower->inputs);

	if (unconfirmed > 0)
		log_info("%zu unconfirmed message%s: read again at the next start", unconfirmed,
			 PLURAL(unconfirmed));
	if (!process->once)
		return EX_OK;
	if (unconfirmed == 0 && follower_is_done(follower)) {
		if (unreadable == 0)
			return EX_OK;
		log_error("%u file%s or folder%s could not be read", unreadable, PLURAL(unreadable),
			  PLURAL(unreadable));
		return EX_NOINPUT;
	}
	if (process->stop) {
		log_error("told to stop before the inputs' end: the checkpoint keeps the place, "
			  "start again to go on");
		return EX_TEMPFAIL;
	}
	log_error("no broker for %d s: giving up; the checkpoint keeps the place, start again to "
		  "go on",
		  ONCE_MS / 1000);
	return EX_UNAVAILABLE;
}

/* Save the last checkpoint, free everything. Returns the exit code. */
static int
finish(struct producer *producer)
{
	struct input_set *inputs = &producer->follower.inputs;
	struct progress_facts last = facts(producer);
	int64_t now_ms = clock_mono_ms();
	int exit_code;

	checkpoint_writer_turn(&producer->writer, inputs, true, now_ms);
	progress_end(&producer->progress, &last, now_ms);
	exit_code = conclude(producer);
	if (exit_code == EX_OK && checkpoint_writer_is_needed(&producer->writer, inputs))
		exit_code = EX_CANTCREAT; /* said when it failed */
	publisher_close(&producer->publisher, producer->process.stop_now);
	follower_close(&producer->follower);
	input_report_close(&producer->report);
	checkpoint_writer_close(&producer->writer);
	settings_free(&producer->process.settings);
	return exit_code;
}

int
main(int argc, char **argv)
{
	static struct producer producer;

	start(&producer, argc, argv);
	producer_run(&producer);
	return finish(&producer);
}
