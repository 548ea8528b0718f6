/* SPDX-License-Identifier: MIT */
/*
 * checkpoint_writer.c - reading the checkpoint at the start, writing it now and then.
 */
#include "producer/checkpoint_writer.h"
#include "common/base/fault.h"
#include "common/base/log.h"

#include <stdio.h>

enum { SAVE_MS = 500 }; /* between two checkpoints */

void
checkpoint_writer_open(struct checkpoint_writer *writer, const char *state_dir)
{
	*writer = (struct checkpoint_writer){0};
	state_dir_open(&writer->dir, state_dir);
	state_dir_load(&writer->dir, &writer->checkpoint);
}

void
checkpoint_writer_close(struct checkpoint_writer *writer)
{
	checkpoint_clear(&writer->checkpoint);
	state_dir_close(&writer->dir);
}

void
checkpoint_writer_confirmed(struct checkpoint_writer *writer)
{
	writer->is_stale = true;
}

bool
checkpoint_writer_is_needed(const struct checkpoint_writer *writer, const struct input_set *inputs)
{
	return writer->is_stale || input_set_has_changed(inputs);
}

void
checkpoint_writer_turn(struct checkpoint_writer *writer, struct input_set *inputs, bool at_once,
		       int64_t now_ms)
{
	char why[256];

	if (!checkpoint_writer_is_needed(writer, inputs) || (!at_once && now_ms < writer->next_ms))
		return;
	writer->next_ms = now_ms + SAVE_MS;
	if (writer->is_stale)
		FAULT_POINT("producer.after_confirm");
	input_set_checkpoint(inputs, &writer->checkpoint);
	writer->is_stale =
		state_dir_store(&writer->dir, &writer->checkpoint, why, sizeof(why)) != 0;
	writer->error[0] = '\0';
	if (writer->is_stale)
		snprintf(writer->error, sizeof(writer->error),
			 "the checkpoint cannot be written: %s: lines go on, but a restart would "
			 "send again what came since",
			 why);
	if (!writer->is_stale) {
		if (alert_clear(&writer->failed, now_ms))
			log_info("the checkpoint can be written again");
	} else if (alert_raise(&writer->failed, &alert_every_minute, 0, now_ms)) {
		log_error("the checkpoint cannot be written: %s; going on, the last one stays "
			  "valid: lines after it would be sent again after a restart",
			  why);
	}
}

const char *
checkpoint_writer_error(const struct checkpoint_writer *writer)
{
	return writer->error;
}

int64_t
checkpoint_writer_due_ms(const struct checkpoint_writer *writer, const struct input_set *inputs)
{
	return checkpoint_writer_is_needed(writer, inputs) ? writer->next_ms : INT64_MAX;
}
