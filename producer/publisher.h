/* SPDX-License-Identifier: MIT */
/*
 * publisher.h - frames to the broker, and what it answers: the window of frames on their way.
 *
 * Whatever the broker does (gone, full, blocked, topology lost) shows here as "cannot take a frame
 * now"; the reading waits, nothing is dropped and nothing is buffered. What was published and not
 * confirmed is read from its file and published again.
 *
 * What has states of its own is apart: connection.h (is there one, may it send), congestion.h (how
 * much of the window may be used), binding_watch.h (do both queues get the lines), window.h (which
 * frames are where). This module carries the broker's events to them.
 */
#ifndef PRODUCER_PUBLISHER_H
#define PRODUCER_PUBLISHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/alert.h"
#include "common/process/process.h"
#include "producer/binding_watch.h"
#include "producer/congestion.h"
#include "producer/connection.h"
#include "producer/frame_message.h"
#include "producer/window.h"

enum { PUBLISHER_WINDOW_BYTES = 4 * 1024 * 1024 }; /* what socket buffers take from us at most */

struct publisher {
	struct process *process;
	struct window window;
	struct connection connection;
	struct congestion congestion;
	struct binding_watch bindings;
	struct frame_message message; /* the one that is being published */
	char client_name[328];	      /* "sluice-producer@host" */
	const char *sender;	      /* "producer@host", in client_name */
	char full_text[400];	      /* shown as the last error for a full queue; "" = not yet */
	struct alert refused;
	uint64_t bytes_confirmed;
};

/* What has happened in a turn, as bits. */
enum publisher_event {
	PUBLISHER_CONFIRMED = 1, /* a track's confirmed prefix has grown */
	PUBLISHER_ASKED = 2,	 /* a check of the bindings speaks for all that is confirmed now */
	PUBLISHER_VERIFIED = 4,	 /* the last one asked went well */
	PUBLISHER_REWIND = 8,	 /* a binding was lost: send again all that no check spoke for */
};

void publisher_init(struct publisher *publisher, struct process *process);

/* Close the connection (politely unless abrupt) and free. */
void publisher_close(struct publisher *publisher, bool abrupt);

/* To poll for reading; -1 = not connected. */
int publisher_fd(const struct publisher *publisher);

/*
 * Connect when it is time to, take what the broker says, publish again what has to be. Before the
 * first success a failure that no waiting helps ends the program with its exit code. Returns what
 * has happened. Where no bindings can be checked, what is confirmed has to do: ASKED and VERIFIED
 * in every turn.
 */
unsigned publisher_turn(struct publisher *publisher, int64_t now_ms) MUST_CHECK;

/* A new frame may be published now. */
bool publisher_can_take(const struct publisher *publisher, int64_t now_ms);

/* Put the frame into the window and publish it. body may be SPAN_NULL: it is read from the file. */
void publisher_send(struct publisher *publisher, const struct window_frame *frame,
		    struct span body);

/* When publisher_turn() has something to do that no descriptor tells of. */
int64_t publisher_due_ms(const struct publisher *publisher, int64_t now_ms);

/* Forget all frames and connect anew: they are about to be read again. Tracks are the caller's. */
void publisher_restart(struct publisher *publisher);

/* Ask for a check at once, if one is needed. True when one spoke for all that was published. */
bool publisher_verify(struct publisher *publisher, int64_t now_ms);

/* For how long there has been no connection; 0: there is one. */
int64_t publisher_down_ms(const struct publisher *publisher, int64_t now_ms);

/* Something is not confirmed, and it makes sense to wait for that. */
bool publisher_awaits_confirms(const struct publisher *publisher, int64_t now_ms);

#endif
