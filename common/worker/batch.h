/* SPDX-License-Identifier: MIT */
/*
 * batch.h - deliveries in hand, the rows made of their lines, and the lines that became none.
 *
 * A batch owns its deliveries: the rows' texts point into their bodies. A frame can have more lines
 * than a batch has rows; then it is written in the middle of the frame, and goes on with the rest.
 * A delivery may be acknowledged when all its lines are rows or rejected lines of batches that are
 * finished: batch_ack_tag().
 */
#ifndef COMMON_WORKER_BATCH_H
#define COMMON_WORKER_BATCH_H

#include "common/base/arena.h"
#include "common/broker/broker.h"
#include "common/message/lines.h"
#include "common/base/md5.h"
#include "common/process/status.h"
#include "common/database/table.h"

/* One line and where it came from. */
struct batch_line {
	const struct delivery *delivery;
	struct span line;      /* without its line end */
	size_t offset_in_body; /* of its first byte */
};

struct rejected_line {
	struct batch_line from;
	enum reason reason;
	const char *detail; /* for people; in the batch's arena */
};

/* What a role sees of a line. */
struct line_context {
	struct span line;	       /* without its line end; any bytes */
	bool valid_utf8;	       /* all of it is */
	const struct message *message; /* that it came in */
	char id[ROW_ID_LEN];	       /* MD5 of line, hex */
	uint64_t origin;	       /* 0, or the hash of its place with identity = position */
};

enum {
	REJECT_DETAIL_MAX = 256,
	BATCH_BYTES = 32 << 20,	      /* lines in a batch: it is full then, whatever its rows */
	BATCH_HELD_BYTES = 128 << 20, /* see batch_is_over_memory() */
};

/*
 * Fill the row (zeroed before) from the line, or say why not, with a detail that names the place in
 * the line. Texts may point into the line; the skeleton makes them valid UTF-8 and checks lengths.
 */
typedef enum reason fill_row_fn(void *state, const struct line_context *line, void *row,
				char detail[REJECT_DETAIL_MAX]);

/*
 * By the primary key; as qsort wants it for an array of pointers to rows: a and b point to
 * pointers.
 */
typedef int compare_rows_fn(const void *a, const void *b);

struct batch_limits {
	size_t rows;		    /* most rows */
	size_t deliveries;	    /* most deliveries in hand: the prefetch */
	size_t max_line_bytes;	    /* a longer line is rejected */
	bool position;		    /* identity = position */
	struct status_page *status; /* shows the message in hand */
};

struct batch;

struct batch *batch_new(const struct table *table, const struct batch_limits *limits,
			fill_row_fn *fill, void *state);
void batch_free(struct batch **batch); /* frees its deliveries too; NULL is fine */

/* The delivery is now the batch's. There must be room: batch_window_is_full() is false. */
void batch_add_delivery(struct batch *batch, struct delivery *delivery);

/*
 * Bodies of more than BATCH_HELD_BYTES in hand, as only a stranger's huge messages can be: while
 * the database is away it is better to give them back than to keep them.
 */
bool batch_is_over_memory(const struct batch *batch);

/* As many deliveries in hand as there may be. */
bool batch_window_is_full(const struct batch *batch);

/*
 * Turn lines of the deliveries into rows or rejections until none is left (true) or the batch has to
 * be written first: it is full, or a message comes that workers died with. Of such a message
 * each line is a batch of its own (suspects.h), and a guilty line is rejected unread.
 */
bool batch_fill(struct batch *batch);

/* The batch is about to be written: show in the status page what dies if we die now. */
void batch_show_in_hand(const struct batch *batch);

/* No line more before it is finished. */
bool batch_is_full(const struct batch *batch);

/* The largest value of the table's time column, as YYYYMMDDhhmmss; 0 without rows. */
int64_t batch_newest_time(const struct batch *batch);

size_t batch_row_count(const struct batch *batch);
/* No rows, nothing rejected, nothing to acknowledge. */
bool batch_is_empty(const struct batch *batch);

/* Lines that became rows or rejections since the last batch_finish(), and their bytes. */
size_t batch_line_count(const struct batch *batch);
size_t batch_byte_count(const struct batch *batch);

/*
 * Pointers to the rows that have not been rejected, sorted by compare; *count gets how many. Valid
 * until the next call or batch_finish().
 */
const void **batch_sorted_rows(struct batch *batch, compare_rows_fn *compare, size_t *count);

/* A row that the database can never store: its line joins the rejected ones. Once for a row. */
void batch_reject_row(struct batch *batch, const void *row, enum reason reason, const char *detail);

const struct rejected_line *batch_rejected(const struct batch *batch, size_t *count);

/* Tag of the last delivery whose lines are all in this batch or earlier ones; 0 = none. */
uint64_t batch_ack_tag(const struct batch *batch);

/* The deliveries whose lines are all in this batch or earlier ones, and how many are in hand. */
struct delivery *const *batch_done(const struct batch *batch, size_t *count);
size_t batch_in_hand(const struct batch *batch);

/* Rows stored, rejected lines safe, acknowledged: forget them and go on. */
void batch_finish(struct batch *batch);

/* The connection is gone, and the deliveries with it: forget everything. */
void batch_drop(struct batch *batch);

#endif
