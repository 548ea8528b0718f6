/* SPDX-License-Identifier: MIT */
/*
 * status.h - the page of shared memory through which a child tells the supervisor how it is.
 *
 * The supervisor makes one memfd with a page per slot ("lake/0"); a child inherits it (handover.h)
 * and maps only its own page, so a child gone wild cannot spoil its siblings' pages. The
 * page outlives the child: a successor goes on counting where the dead one stopped, so totals never
 * go down. A program that runs alone gets a private page and behaves the same.
 *
 * Written by one child, read by the supervisor at any time: numbers are single atomics; texts are
 * guarded by a sequence number (odd while being written).
 *
 * If you change the layout, raise STATUS_VERSION: a child refuses a page of another version.
 */
#ifndef COMMON_PROCESS_STATUS_H
#define COMMON_PROCESS_STATUS_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/defs.h"
#include "common/process/histogram.h"
#include "common/message/reason.h"
#include "common/process/suspects.h"

enum {
	STATUS_VERSION = 6,
	STATUS_PAGE_SIZE = 4096,
};

enum child_report {
	REPORT_STARTING, /* not ready yet */
	REPORT_READY,	 /* connected everywhere and at work */
	REPORT_WAITING,	 /* was ready; now waits for the broker or the database to come back */
	REPORT_DRAINING, /* finishes what it has in hand, then exits */
	REPORT_COUNT
};

enum counter {
#define COUNTER(identifier, name, help) COUNTER_##identifier,
#include "common/process/counters.def"
#undef COUNTER
	COUNTER_COUNT
};

enum { STATUS_TEXT_MAX = 480 };

struct status_text {
	_Atomic uint32_t sequence;
	int64_t wall_ms; /* when it was written */
	char text[STATUS_TEXT_MAX];
};

/* What a worker last saw of its queue (queue_watch.h); all 0 in a producer. */
struct queue_report {
	_Atomic int64_t at_ms; /* CLOCK_MONOTONIC; 0 = never asked */
	_Atomic int64_t ready; /* messages that wait in the queue, in nobody's hand */
	_Atomic int64_t consumers;
	_Atomic int64_t dead; /* messages in its dead-letter queue, those held by people too */
	_Atomic int64_t dead_consumers; /* people who look at them */
	_Atomic int64_t in_hand;     /* messages that this worker has taken and not acknowledged */
	_Atomic int64_t published_s; /* when the one taken last was published; 0 = unknown */
};

struct status_page {
	uint32_t version;
	_Atomic uint32_t report;      /* enum child_report */
	_Atomic int64_t heartbeat_ms; /* CLOCK_MONOTONIC of the last turn of its loop */
	_Atomic uint64_t counters[COUNTER_COUNT];
	struct status_text last_error; /* "" when all is well */
	struct status_text in_hand;    /* name of the message worked on; "" = none, or many */
	_Atomic uint32_t in_hand_line; /* of it, from 1; SUSPECT_LINE_NONE while it waits */
	_Atomic uint32_t pause_wanted; /* sluiced's word: take no more work */
	_Atomic uint32_t paused;       /* the child's answer: nothing is in hand */
	/*
	 * CLOCK_MONOTONIC, when a worker began to store the batch that it stores now; 0 = it stores
	 * none. While a statement runs the worker waits in the client library and can say nothing.
	 */
	_Atomic int64_t storing_since_ms;
	struct queue_report queue;
	_Atomic uint64_t rejected[REASON_COUNT];
	struct histogram histograms[HISTOGRAM_COUNT];
	/* Written by the supervisor: what workers of this role died with. */
	_Atomic uint32_t suspects_sequence; /* odd while being written; 0 = never */
	struct suspects suspects;
};
_Static_assert(sizeof(struct status_page) <= STATUS_PAGE_SIZE, "a slot is one page");

/*
 * Map page number index of the memfd; NULL (errno set) when that fails, there is none of that
 * number, or its version is another.
 */
struct status_page *status_attach(int memfd, unsigned index) MUST_CHECK;

/* A private page for a program that runs alone; never NULL. */
struct status_page *status_private(void);

/* Child side. */
void status_set_report(struct status_page *page, enum child_report report);
void status_beat(struct status_page *page);
void status_set_error(struct status_page *page, const char *text);   /* "" clears it */
void status_set_in_hand(struct status_page *page, const char *text); /* "" clears it */

/*
 * The line of the message in hand that is worked on now. A child that dies with one makes it
 * suspect, so while it waits for somebody else it has none: process_wait() sees to that.
 */
static inline void
status_set_line(struct status_page *page, uint32_t line)
{
	atomic_store_explicit(&page->in_hand_line, line, memory_order_relaxed);
}

/* Copy the supervisor's notes when there are others than *sequence names (0 at first). */
void status_read_suspects(struct status_page *page, uint32_t *sequence, struct suspects *suspects);

static inline void
status_add(struct status_page *page, enum counter counter, uint64_t amount)
{
	atomic_fetch_add_explicit(&page->counters[counter], amount, memory_order_relaxed);
}

static inline bool
status_pause_wanted(const struct status_page *page)
{
	return atomic_load_explicit(&page->pause_wanted, memory_order_relaxed) != 0;
}

static inline void
status_set_paused(struct status_page *page, bool paused)
{
	atomic_store_explicit(&page->paused, paused, memory_order_relaxed);
}

static inline void
status_set_storing(struct status_page *page, int64_t since_ms)
{
	atomic_store_explicit(&page->storing_since_ms, since_ms, memory_order_relaxed);
}

static inline void
status_add_rejected(struct status_page *page, enum reason reason)
{
	atomic_fetch_add_explicit(&page->rejected[reason], 1, memory_order_relaxed);
}
/* Supervisor side. */
void status_write_suspects(struct status_page *page, const struct suspects *suspects);

/* Either side. */
uint64_t status_counter(const struct status_page *page, enum counter counter);

/* Copy a text into out (ended by NUL, "" when torn for too long); returns its wall_ms. */
int64_t status_read_text(const struct status_text *text, char *out, size_t out_size);

/* "9c1f...:4711, line 3", "a batch" or "": what is in hand, for people. Returns out. */
const char *status_in_hand_text(const struct status_page *page, char *out, size_t out_size);

const char *report_name(enum child_report report); /* "starting", "ready", "waiting", "draining" */
const char *counter_name(enum counter counter);
const char *counter_help(enum counter counter);

#endif
