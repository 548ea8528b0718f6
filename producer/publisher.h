/* SPDX-License-Identifier: MIT */
/*
 * publisher.h - the connection to the broker and the window of frames on their way.
 *
 * Whatever the broker does (gone, full, blocked, topology lost) shows here as "cannot take a frame
 * now"; the reading waits, nothing is dropped and nothing is buffered. What was published and not
 * confirmed is read from its file and published again.
 */
#ifndef PRODUCER_PUBLISHER_H
#define PRODUCER_PUBLISHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/backoff.h"
#include "common/broker/broker.h"
#include "common/message/content_encoding.h"
#include "producer/binding_check.h"
#include "common/process/process.h"
#include "producer/reminder.h"
#include "producer/window.h"

enum {
	PUBLISHER_WINDOW_BYTES = 4 * 1024 * 1024, /* what socket buffers take from us at most */
	PUBLISHER_TOPOLOGY_MS = 60000,		  /* a lost binding is healed within this */
	PUBLISHER_SHOW_REFUSED_MS = 3000,	  /* refused for so long: the status shows it */
	PUBLISHER_REFUSED_MS = 60000,		  /* refused for so long: try a new connection */
	PUBLISHER_ONCE_MS = 30000,		  /* --once waits so long for a broker */
};

/* What the owner of the files has to know; it takes it and sets it back to NO_NEWS. */
enum publisher_news {
	PUBLISHER_NO_NEWS,
	PUBLISHER_ASKED,  /* a check went out: it will speak for all that is confirmed now */
	PUBLISHER_BOUND,  /* it went well */
	PUBLISHER_REWIND, /* a binding was lost: send again all that no check spoke for */
};

struct publisher {
	struct process *process;
	const struct settings *settings;
	struct window window;
	struct broker *broker; /* NULL: not connected */
	char sender[320];      /* "producer@host" */
	bool was_ready;
	bool moved;	    /* a confirmed prefix has grown; whoever saves it clears this */
	bool topology_lost; /* a message came back: assert the topology at once */
	uint64_t bytes_confirmed;
	struct backoff connect_backoff, refuse_backoff;
	int64_t down_since_ms, next_try_ms, pause_until_ms, next_topology_ms;
	int64_t refused_since_ms; /* 0: not refused, as far as this connection knows */
	int64_t full_since_ms;	  /* the same over all connections; 0: messages flow */
	char full_text[400];	  /* shown as the last error for it; "" = not yet */
	/*
	 * Most frames in flight. After a refusal it starts at 1 and grows with every confirm: a
	 * full queue that is tried with a whole window would give the other queue the window again
	 * each time.
	 */
	size_t allowed;
	struct binding_check check;
	enum publisher_news news;
	bool binding_lost; /* nothing is published until a check goes well */
	bool was_bound;	   /* a check went well since the start */
	struct reminder unbound;
	char alarm[256]; /* why the broker is blocked */
	struct reminder down, blocked, refused;
	char *scratch; /* for bodies that are read again */
	size_t scratch_size;
	struct packer packer;
};

void publisher_init(struct publisher *publisher, struct process *process);

/* Close the connection (politely unless abrupt) and free. */
void publisher_close(struct publisher *publisher, bool abrupt);

/* To poll for reading; -1 = not connected. */
int publisher_fd(const struct publisher *publisher);

/*
 * Connect when it is time to, take what the broker says, publish again what has to be. Before the
 * first success a failure that no waiting helps ends the program with its exit code.
 */
void publisher_turn(struct publisher *publisher, int64_t now_ms);

/* A new frame may be published now. */
bool publisher_can_take(const struct publisher *publisher, int64_t now_ms);

/* Put the frame into the window and publish it. body may be SPAN_NULL: it is read from the file. */
void publisher_send(struct publisher *publisher, const struct window_frame *frame,
		    struct span body);

/* When publisher_turn() has something to do that no descriptor tells of. */
int64_t publisher_due_ms(const struct publisher *publisher, int64_t now_ms);

/* Forget all frames and connect anew: they are about to be read again. Tracks are the caller's. */
void publisher_restart(struct publisher *publisher);

/* Bindings can be checked; if not, what is confirmed has to do. */
bool publisher_checks(const struct publisher *publisher);

/* A check spoke for all that was published. */
bool publisher_is_verified(const struct publisher *publisher);

/* Connected, and the broker takes messages: waiting for confirms makes sense. */
bool publisher_is_flowing(const struct publisher *publisher, int64_t now_ms);

/* --- between publisher.c and publisher_check.c --- */

/* An answer may be one to a check. On failure the connection is spent. */
enum outcome publisher_check_event(struct publisher *publisher, const struct broker_event *event,
				   struct failure *failure) MUST_CHECK;

/* Send checks when they are due. On failure the connection is spent. */
enum outcome publisher_check_turn(struct publisher *publisher, int64_t now_ms,
				  struct failure *failure) MUST_CHECK;

#endif
