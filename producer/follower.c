/* SPDX-License-Identifier: MIT */
/*
 * follower.c - looking at the files, reading, handing on.
 */
#include "producer/follower.h"
#include "common/base/clock.h"
#include "common/base/log.h"

#include <stdio.h>
#include <string.h>

enum {
	BURST = 32, /* frames read and published between two looks at everything else */
	/*
	 * When all that was there has been read, the next look at the files is so much later. A
	 * lone line leaves at once; of a file that is written line by line, what comes within this
	 * time shares a frame: a message costs the broker some fifty times what a line in it costs.
	 */
	FOLLOWER_SPACING_MS = 5,
};

void
follower_open(struct follower *follower, struct process *process, struct checkpoint *checkpoint)
{
	const struct settings *settings = process->settings;
	struct frame_limits limits = {
		.lines = (size_t)settings->producer.frame_lines,
		.bytes = (size_t)settings->producer.frame_bytes,
		.max_line_bytes = (size_t)settings->producer.max_line_bytes,
	};

	*follower = (struct follower){.process = process};
	input_set_open(&follower->inputs, settings, checkpoint, process->once);
	reader_init(&follower->reader, &follower->inputs, &limits, READER_BUFFER_BYTES);
	follower->reader.take_unfinished = process->take_unfinished;
	event_source_init(&follower->events, &settings->events);
}

void
follower_close(struct follower *follower)
{
	reader_clear(&follower->reader);
	input_set_close(&follower->inputs);
}

static void
count_frame(struct follower *follower, const struct window_frame *frame)
{
	struct status_page *status = follower->process->status;
	bool is_too_long = frame->kind == FRAME_TOO_LONG;

	if (is_too_long && frame->stage != STAGE_COUNT - 1)
		return; /* the last stage's frame counts for the line */
	status_add(status, COUNTER_LINES_IN, frame->lines);
	status_add(status, COUNTER_BYTES_IN, (uint64_t)frame->length);
	if (!is_too_long)
		return;
	status_add(status, COUNTER_LINES_REJECTED, 1);
	status_add_rejected(status, REASON_LINE_TOO_LONG);
	/* Each is in the dead letters with its offset; here one a minute is enough. */
	if (alert_raise(&follower->too_long, &alert_every_minute, 0, clock_mono_ms()))
		log_warning("%s: the line at byte %lld has %lld bytes, more than "
			    "producer.max_line_bytes (%lld): its start goes to the dead letters",
			    frame->file->path, (long long)frame->offset,
			    (long long)frame->length - !frame->unfinished,
			    (long long)follower->process->settings->producer.max_line_bytes);
}

static void
pump(struct follower *follower, struct publisher *publisher)
{
	uint64_t nul_bytes = follower->reader.nul_bytes;
	struct window_frame frame;

	for (int i = 0; i < BURST && publisher_can_take(publisher, clock_mono_ms()); i++) {
		struct span body = SPAN_NULL;

		if (!event_source_next(&follower->events, &frame) &&
		    !reader_next(&follower->reader, &frame, &body))
			break;
		count_frame(follower, &frame);
		publisher_send(publisher, &frame, body);
	}
	status_add(follower->process->status, COUNTER_NUL_BYTES,
		   follower->reader.nul_bytes - nul_bytes);
}

/* Something was found that is not read, or not cut, yet. */
static bool
has_more(const struct follower *follower)
{
	return event_source_has_more(&follower->events) || reader_has_more(&follower->reader);
}

bool
follower_is_done(const struct follower *follower)
{
	return !has_more(follower) && input_set_all_ended(&follower->inputs);
}

void
follower_turn(struct follower *follower, struct publisher *publisher, int64_t now_ms)
{
	if (now_ms < follower->next_read_ms)
		return;
	input_set_turn(&follower->inputs, now_ms);
	if (follower->paused || !has_more(follower))
		return;
	pump(follower, publisher);
	if (!has_more(follower))
		follower->next_read_ms = now_ms + FOLLOWER_SPACING_MS;
}

void
follower_heed_pause(struct follower *follower, const struct publisher *publisher)
{
	struct status_page *status = follower->process->status;
	bool wanted = status_pause_wanted(status);

	if (wanted != follower->paused)
		log_info(wanted ? "paused: nothing more is read" : "resumed");
	follower->paused = wanted;
	status_set_paused(status, wanted && publisher->window.count == 0);
}

int
follower_fd(const struct follower *follower, int64_t now_ms)
{
	/* Watched only when it may be heeded: it would wake us for each line written. */
	return now_ms >= follower->next_read_ms ? input_set_fd(&follower->inputs) : -1;
}

int64_t
follower_due_ms(const struct follower *follower, const struct publisher *publisher, int64_t now_ms)
{
	if (now_ms < follower->next_read_ms)
		return follower->next_read_ms;
	if (!follower->paused && has_more(follower) && publisher_can_take(publisher, now_ms))
		return now_ms;
	return input_set_due_ms(&follower->inputs);
}

void
follower_heed_events(struct follower *follower, struct publisher *publisher, unsigned happened)
{
	if (happened & PUBLISHER_ASKED)
		input_set_asked(&follower->inputs);
	if (happened & PUBLISHER_VERIFIED)
		input_set_verified(&follower->inputs);
	if (!(happened & PUBLISHER_REWIND))
		return;
	publisher_restart(publisher);
	reader_reset(&follower->reader);
	input_set_rewind(&follower->inputs);
	event_source_rewind(&follower->events);
}

void
follower_show_error(struct follower *follower, const char *checkpoint_error)
{
	struct status_page *status = follower->process->status;
	const char *inputs_error = input_set_error(&follower->inputs);
	char error[STATUS_TEXT_MAX];
	const char *shown = status->last_error.text;
	bool free_to_us = shown[0] == '\0' || strcmp(shown, follower->shown_error) == 0;

	snprintf(error, sizeof(error), "%s%s%s", checkpoint_error,
		 checkpoint_error[0] != '\0' && inputs_error[0] != '\0' ? "; " : "", inputs_error);
	if (!free_to_us || strcmp(shown, error) == 0)
		return;
	status_set_error(status, error);
	snprintf(follower->shown_error, sizeof(follower->shown_error), "%s", error);
}
