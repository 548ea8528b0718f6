/* SPDX-License-Identifier: MIT */
/*
 * main.c - sluice-producer: follows log files and publishes their lines.
 *
 * One loop, one thread: look at the files, read and publish while the window has room, take
 * confirms, save the checkpoint, wait. Everything that can go wrong with the broker stops the
 * reading and nothing else; see publisher.h.
 */
#include "common/base/clock.h"
#include "common/base/fault.h"
#include "common/message/lines.h"
#include "common/base/log.h"
#include "common/process/process.h"
#include "producer/input_set.h"
#include "producer/progress.h"
#include "producer/publisher.h"
#include "producer/reader.h"
#include "producer/reminder.h"
#include "producer/state_dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

/*
 * When all that was there has been read, the next look at the files is so much later. A lone line
 * leaves at once; of a file that is written line by line, what comes within this time shares a
 * frame: a message costs the broker some fifty times what a line in it costs.
 */
enum { READ_SPACING_MS = 5 };

enum {
	SAVE_MS = 500, /* between two checkpoints */
	BURST = 32,    /* frames read and published between two looks at everything else */
};

struct producer {
	struct process process;
	struct state_dir state;
	struct checkpoint checkpoint; /* what was or will be written */
	struct input_set inputs;
	struct reader reader;
	struct publisher publisher;
	struct progress progress;
	struct window_track event_track;
	size_t next_event; /* of settings->events */
	int64_t next_save_ms;
	int64_t next_read_ms; /* not before: see READ_SPACING_MS */
	struct reminder save_failed, too_long;
	int64_t drain_until_ms;	     /* 0: not draining */
	bool paused;		     /* sluiced says so: nothing more is read */
	char shown[STATUS_TEXT_MAX]; /* the trouble with the inputs that the status last got */
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
		.bytes_left = input_set_bytes_left(&producer->inputs) +
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
	const struct settings *settings;
	struct frame_limits limits;
	struct progress_facts now;

	process_start(&producer->process, &description, argc, argv);
	settings = producer->process.settings;
	if (settings_check_inputs(settings) != 0)
		exit(EX_CONFIG);
	raise_file_limit();
	state_dir_open(&producer->state, settings->supervisor.state_dir);
	state_dir_load(&producer->state, &producer->checkpoint);
	input_set_open(&producer->inputs, settings, &producer->checkpoint, producer->process.once);
	limits = (struct frame_limits){
		.lines = (size_t)settings->producer.frame_lines,
		.bytes = (size_t)settings->producer.frame_bytes,
		.max_line_bytes = (size_t)settings->producer.max_line_bytes,
	};
	reader_init(&producer->reader, &producer->inputs, &limits, READER_BUFFER_BYTES);
	publisher_init(&producer->publisher, &producer->process);
	snprintf(producer->event_track.id, sizeof(producer->event_track.id), "settings");
	now = facts(producer);
	progress_start(&producer->progress, !producer->process.supervised && isatty(STDERR_FILENO),
		       &now, clock_mono_ms());
}

/* --- reading and publishing --- */

static bool
next_event(struct producer *producer, struct window_frame *frame)
{
	const struct text_list *events = &producer->process.settings->events;
	struct span text;

	if (producer->next_event == events->count)
		return false;
	text = span_of(events->items[producer->next_event]);
	*frame = (struct window_frame){
		.track = &producer->event_track,
		.kind = FRAME_EVENT,
		.offset = (int64_t)producer->next_event,
		.length = (int64_t)text.len,
		.body_len = text.len,
		.lines = (uint32_t)lines_count(text),
	};
	producer->next_event++;
	return true;
}

static void
count_frame(struct producer *producer, const struct window_frame *frame)
{
	struct status_page *status = producer->process.status;

	bool covers_line = frame->stage == STAGE_COUNT - 1;

	if (frame->kind != FRAME_TOO_LONG || covers_line) {
		status_add(status, COUNTER_LINES_IN, frame->lines);
		status_add(status, COUNTER_BYTES_IN, (uint64_t)frame->length);
	}
	if (frame->kind != FRAME_TOO_LONG || !covers_line)
		return;
	status_add(status, COUNTER_LINES_REJECTED, 1);
	status_add_rejected(status, REASON_LINE_TOO_LONG);
	/* Each is in the dead letters with its place; here one a minute is enough. */
	if (reminder_due(&producer->too_long, clock_mono_ms()))
		log_warning("%s: the line at byte %lld has %lld bytes, more than "
			    "producer.max_line_bytes (%lld): its start goes to the dead letters",
			    frame->file->path, (long long)frame->offset,
			    (long long)frame->length - !frame->unfinished,
			    (long long)producer->process.settings->producer.max_line_bytes);
}

static void
pump(struct producer *producer)
{
	struct publisher *publisher = &producer->publisher;
	struct window_frame frame;

	for (int i = 0; i < BURST && publisher_can_take(publisher, clock_mono_ms()); i++) {
		struct span body = SPAN_NULL;

		if (!next_event(producer, &frame) && !reader_next(&producer->reader, &frame, &body))
			break;
		count_frame(producer, &frame);
		publisher_send(publisher, &frame, body);
	}
}

static bool
has_more(const struct producer *producer)
{
	return producer->next_event < producer->process.settings->events.count ||
	       reader_has_more(&producer->reader);
}

/* Look at the files, read and publish; not so soon after all of them were read to their ends. */
static void
follow(struct producer *producer, int64_t now_ms)
{
	if (now_ms < producer->next_read_ms)
		return;
	input_set_turn(&producer->inputs, now_ms);
	if (producer->paused || !has_more(producer))
		return;
	pump(producer);
	if (!has_more(producer))
		producer->next_read_ms = now_ms + READ_SPACING_MS;
}

/* --- checkpoint --- */

static void
save(struct producer *producer, int64_t now_ms)
{
	char why[512];

	producer->next_save_ms = now_ms + SAVE_MS;
	if (producer->publisher.moved)
		FAULT_POINT("producer.after_confirm");
	input_set_checkpoint(&producer->inputs, &producer->checkpoint);
	producer->publisher.moved = false;
	if (state_dir_store(&producer->state, &producer->checkpoint, why, sizeof(why)) == 0) {
		if (reminder_reset(&producer->save_failed))
			log_info("the checkpoint can be written again");
		return;
	}
	producer->publisher.moved = true; /* so it is tried again */
	if (reminder_due(&producer->save_failed, now_ms))
		log_error("the checkpoint cannot be written: %s; going on, the last one stays "
			  "valid: lines after it would be sent again after a restart",
			  why);
}

static bool
needs_saving(const struct producer *producer)
{
	return producer->publisher.moved || producer->inputs.changed;
}

/* --- the loop --- */

/* Draining: stop reading, wait for confirms while they can come. True when there is nothing to wait
 * for. */
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
	if (publisher->window.count == 0 || publisher->broker == NULL ||
	    now_ms >= producer->drain_until_ms)
		return true;
	/* What is refused now will be refused for a while: the files keep it. */
	return publisher->window.in_flight == 0 && !publisher_is_flowing(publisher, now_ms);
}

static bool
is_finished(struct producer *producer, int64_t now_ms)
{
	const struct process *process = &producer->process;

	if (process->stop_now)
		return true;
	if (process->stop)
		return is_drained(producer, now_ms);
	if (!process->once)
		return false;
	if (producer->publisher.broker == NULL &&
	    now_ms - producer->publisher.down_since_ms >= PUBLISHER_ONCE_MS)
		return true;
	if (has_more(producer) || producer->publisher.window.count > 0 ||
	    !input_set_all_ended(&producer->inputs))
		return false;
	producer->publisher.check.next_ms = now_ms;
	return publisher_is_verified(&producer->publisher) &&
	       producer->publisher.news == PUBLISHER_NO_NEWS;
}

/* When follow() has something to do, if no file changes before. */
static int64_t
follow_due_ms(const struct producer *producer, int64_t now_ms)
{
	if (now_ms < producer->next_read_ms)
		return producer->next_read_ms;
	if (!producer->paused && has_more(producer) &&
	    publisher_can_take(&producer->publisher, now_ms))
		return now_ms;
	return input_set_due_ms(&producer->inputs);
}

static void
wait_for_something(struct producer *producer)
{
	int64_t now_ms = clock_mono_ms();
	int64_t due_ms = MIN(publisher_due_ms(&producer->publisher, now_ms),
			     progress_due_ms(&producer->progress));
	struct pollfd fds[] = {
		{.fd = publisher_fd(&producer->publisher), .events = POLLIN},
		{.fd = -1, .events = POLLIN},
	};

	if (!producer->process.stop) {
		due_ms = MIN(due_ms, follow_due_ms(producer, now_ms));
		/* watched only when it may be heeded: it would wake us for each line written */
		if (now_ms >= producer->next_read_ms)
			fds[1].fd = input_set_fd(&producer->inputs);
	}
	if (needs_saving(producer))
		due_ms = MIN(due_ms, producer->next_save_ms);
	process_wait(&producer->process, fds, ARRAY_LEN(fds), due_ms - now_ms);
}

/* A pause stops the reading; what is on its way is still confirmed. */
static void
producer_heed_pause(struct producer *producer)
{
	struct status_page *status = producer->process.status;
	bool wanted = status_pause_wanted(status);

	if (wanted != producer->paused)
		log_info(wanted ? "paused: nothing more is read" : "resumed");
	producer->paused = wanted;
	status_set_paused(status, wanted && producer->publisher.window.count == 0);
}

/*
 * Show what cannot be read as the last error, until it can be. What the broker does to us goes
 * first: its error stays while it lasts, and when it is over ours comes back.
 */
static void
show_trouble(struct producer *producer)
{
	struct status_page *status = producer->process.status;
	const char *trouble = producer->inputs.trouble, *there = status->last_error.text;
	bool free_to_us = there[0] == '\0' || strcmp(there, producer->shown) == 0;

	if (!free_to_us || strcmp(there, trouble) == 0)
		return;
	status_set_error(status, trouble);
	snprintf(producer->shown, sizeof(producer->shown), "%s", trouble);
}

/* See binding_check.h. */
static void
heed_checks(struct producer *producer)
{
	struct publisher *publisher = &producer->publisher;
	enum publisher_news news = publisher->news;

	publisher->news = PUBLISHER_NO_NEWS;
	if (!publisher_checks(publisher) || news == PUBLISHER_ASKED)
		input_set_asked(&producer->inputs);
	if (!publisher_checks(publisher) || news == PUBLISHER_BOUND)
		input_set_verified(&producer->inputs);
	if (news != PUBLISHER_REWIND)
		return;
	publisher_restart(publisher);
	reader_reset(&producer->reader);
	input_set_rewind(&producer->inputs);
	producer->event_track.frames = 0;
	producer->event_track.confirmed = 0;
	producer->next_event = 0;
}

static void
producer_run(struct producer *producer)
{
	for (;;) {
		int64_t now_ms = clock_mono_ms();
		struct progress_facts current;

		producer_heed_pause(producer);
		if (!producer->process.stop)
			follow(producer, now_ms);
		publisher_turn(&producer->publisher, now_ms);
		heed_checks(producer);
		show_trouble(producer);
		if (needs_saving(producer) && now_ms >= producer->next_save_ms)
			save(producer, now_ms);
		current = facts(producer);
		progress_turn(&producer->progress, &current, now_ms);
		if (is_finished(producer, now_ms))
			return;
		wait_for_something(producer);
	}
}

/* Save the last checkpoint, say how it ended. Returns the exit code. */
static int
finish(struct producer *producer)
{
	struct process *process = &producer->process;
	size_t unconfirmed = producer->publisher.window.count;
	bool complete = process->once && unconfirmed == 0 && !has_more(producer) &&
			input_set_all_ended(&producer->inputs);
	struct progress_facts last = facts(producer);
	int64_t now_ms = clock_mono_ms();
	int exit_code = EX_OK;

	if (needs_saving(producer))
		save(producer, now_ms);
	progress_end(&producer->progress, &last, now_ms);
	if (unconfirmed > 0)
		log_info("%zu unconfirmed message%s: read again at the next start", unconfirmed,
			 PLURAL(unconfirmed));
	if (process->once && !complete && process->stop) {
		log_error("told to stop before the inputs' end: the checkpoint keeps the place, "
			  "start again to go on");
		exit_code = EX_TEMPFAIL;
	} else if (process->once && !complete) {
		log_error("no broker for %d s: giving up; the checkpoint keeps the place, start "
			  "again to go on",
			  PUBLISHER_ONCE_MS / 1000);
		exit_code = EX_UNAVAILABLE;
	} else if (complete && producer->inputs.unreadable > 0) {
		log_error("%u file%s or folder%s could not be read", producer->inputs.unreadable,
			  PLURAL(producer->inputs.unreadable), PLURAL(producer->inputs.unreadable));
		exit_code = EX_NOINPUT;
	}
	if (needs_saving(producer) && exit_code == EX_OK)
		exit_code = EX_CANTCREAT; /* said when it failed */
	publisher_close(&producer->publisher, process->stop_now);
	reader_clear(&producer->reader);
	input_set_close(&producer->inputs);
	checkpoint_clear(&producer->checkpoint);
	state_dir_close(&producer->state);
	settings_free(&process->settings);
	return exit_code;
}

int
main(int argc, char **argv)
{
	static struct producer producer;

	start(&producer, argc, argv);
	if (producer.process.once && producer.inputs.count == 0 &&
	    producer.process.settings->events.count == 0)
		fatal_exit(EX_NOINPUT, "no input can be read: nothing to do");
	producer_run(&producer);
	return finish(&producer);
}
