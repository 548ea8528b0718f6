/* SPDX-License-Identifier: MIT */
/*
 * checkpoint_writer.h - when the checkpoint is read and written, and what is said when it cannot
 * be.
 */
#ifndef PRODUCER_CHECKPOINT_WRITER_H
#define PRODUCER_CHECKPOINT_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/alert.h"
#include "producer/input_set.h"
#include "producer/state_dir.h"

struct checkpoint_writer {
	struct state_dir dir;
	struct checkpoint checkpoint; /* as it was read, or written last */
	bool is_stale;		      /* more is confirmed than it says */
	int64_t next_ms;	      /* not written before */
	struct alert failed;
	char error[512]; /* why it could not be written the last time; "" = it could */
};

/* Lock the folder and read the checkpoint, which the caller may take over. May end the program. */
void checkpoint_writer_open(struct checkpoint_writer *writer, const char *state_dir);
void checkpoint_writer_close(struct checkpoint_writer *writer);

/* Something more is confirmed. */
void checkpoint_writer_confirmed(struct checkpoint_writer *writer);

/* There is something to write. */
bool checkpoint_writer_is_needed(const struct checkpoint_writer *writer,
				 const struct input_set *inputs);

/* Write what the inputs say, if it is needed and (unless at_once) not too soon after the last. */
void checkpoint_writer_turn(struct checkpoint_writer *writer, struct input_set *inputs,
			    bool at_once, int64_t now_ms);

/* What is wrong with it, for the status; "" = nothing. */
const char *checkpoint_writer_error(const struct checkpoint_writer *writer);

/* When checkpoint_writer_turn() has something to do; INT64_MAX: nothing. */
int64_t checkpoint_writer_due_ms(const struct checkpoint_writer *writer,
				 const struct input_set *inputs);

#endif
