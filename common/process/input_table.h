/* SPDX-License-Identifier: MIT */
/*
 * input_table.h - the table of shared memory in which the producer tells sluiced how far each file
 * is read.
 *
 * It lies in the memfd of the status pages (status.h), behind the last page. Written by the
 * producer, guarded by a sequence number (odd while being written); read by sluiced at any time. A
 * producer that runs alone writes to a private one and behaves the same.
 *
 * If you change the layout, raise STATUS_VERSION: it covers this table, too.
 */
#ifndef COMMON_PROCESS_INPUT_TABLE_H
#define COMMON_PROCESS_INPUT_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/defs.h"

enum {
	INPUT_TABLE_ROWS = 128,
	INPUT_TABLE_UNREAD = 16,
	INPUT_TABLE_SIZE = 128 * 1024, /* a multiple of a page */
	INPUT_TEXT_MAX = 512,
};

enum input_state { INPUT_FOLLOWED, INPUT_ROTATED, INPUT_ENDED, INPUT_STATE_COUNT };

/* Offsets and sizes in bytes; wall_ms: milliseconds since 1970, 0 = unknown. */
struct input_row {
	char path[INPUT_TEXT_MAX]; /* cut to its end when it is longer */
	char format[32];
	char error[96];
	uint32_t state; /* enum input_state */
	bool is_open, has_line;
	int64_t size, read, confirmed, lag_ms;
	int64_t read_wall_ms, grown_wall_ms, line_s;
};

struct input_unread {
	char path[INPUT_TEXT_MAX], archive[INPUT_TEXT_MAX];
	int64_t bytes; /* -1: unknown */
	int64_t found_s;
};

struct input_table {
	_Atomic uint32_t sequence;
	_Atomic uint32_t acknowledged; /* by sluiced: how often somebody said so */
	int64_t wall_ms;	       /* when it was written; 0 = never */
	int64_t total, open, open_limit, skipped, behind_bytes, lag_ms;
	int64_t unread_total, unread_bytes;
	uint32_t rows, unread;
	struct input_row row[INPUT_TABLE_ROWS];
	struct input_unread unread_row[INPUT_TABLE_UNREAD];
};
_Static_assert(sizeof(struct input_table) <= INPUT_TABLE_SIZE, "the table fits");

/* The table at the end of the memfd of the status pages; NULL (errno set) when that fails. */
struct input_table *input_table_attach(int memfd) MUST_CHECK;

/* A private one for a producer that runs alone; never NULL. */
struct input_table *input_table_private(void);

/* Publish what is in from but for sequence and acknowledged. */
void input_table_write(struct input_table *table, const struct input_table *from);

/* Copy it; false when it was torn for too long, or never written. */
bool input_table_read(const struct input_table *table, struct input_table *to) MUST_CHECK;

const char *input_state_name(enum input_state state); /* "followed", "rotated", "ended" */

#endif
