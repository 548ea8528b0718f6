/* SPDX-License-Identifier: MIT */
/*
 * follower.h - from files to the publisher: looks at the files, cuts frames and hands them on as
 * long as the publisher can take them.
 */
#ifndef PRODUCER_FOLLOWER_H
#define PRODUCER_FOLLOWER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/alert.h"
#include "common/process/process.h"
#include "producer/event_source.h"
#include "producer/input_set.h"
#include "producer/publisher.h"
#include "producer/reader.h"

struct follower {
	struct process *process;
	struct input_set inputs;
	struct reader reader;
	struct event_source events;
	int64_t next_read_ms; /* not before: see FOLLOWER_SPACING_MS */
	bool paused;	      /* sluiced says so: nothing more is read */
	struct alert too_long;
	char shown_error[STATUS_TEXT_MAX]; /* about the inputs, that the status last got */
};

/* Look for the inputs; checkpoint (taken over, empty afterwards) says how far they were read. */
void follower_open(struct follower *follower, struct process *process,
		   struct checkpoint *checkpoint);
void follower_close(struct follower *follower);

/*
 * Look at the files, read and publish; not so soon after all of them were read to their ends, and
 * nothing while paused.
 */
void follower_turn(struct follower *follower, struct publisher *publisher, int64_t now_ms);

/* Heed the supervisor's wish for a pause. What is on its way is confirmed all the same. */
void follower_heed_pause(struct follower *follower, const struct publisher *publisher);

/* Everything was read: with --once the end. */
bool follower_is_done(const struct follower *follower);

/* To poll for reading now; -1 = nothing. */
int follower_fd(const struct follower *follower, int64_t now_ms);

/* When follower_turn() has something to do, if its descriptor does not tell before. */
int64_t follower_due_ms(const struct follower *follower, const struct publisher *publisher,
			int64_t now_ms);

/*
 * What publisher_turn() returned, as far as it concerns the files: what is verified, and what has
 * to be read and sent again.
 */
void follower_heed_events(struct follower *follower, struct publisher *publisher,
			  unsigned happened);

/*
 * Show what cannot be read as the last error, until it can be, behind what is wrong with the
 * checkpoint ("" = nothing). What the broker does to us goes first: its error stays while it lasts,
 * and when it is over ours comes back.
 */
void follower_show_error(struct follower *follower, const char *checkpoint_error);

#endif
