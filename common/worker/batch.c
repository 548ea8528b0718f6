/* SPDX-License-Identifier: MIT */
/*
 * batch.c - from deliveries to rows and rejected lines.
 */
#include "common/worker/batch.h"
#include "common/worker/row_check.h"
#include "common/base/fault.h"
#include "common/base/log.h"
#include "common/message/origin.h"
#include "common/base/utf8.h"
#include "common/base/xalloc.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct batch {
	const struct table *table;
	struct batch_limits limits;
	fill_row_fn *fill;
	void *state; /* of the role */
	struct md5 *md5;
	struct unpacker *unpacker;
	struct arena arena;

	/* Deliveries in the order they came; the first `done` are turned completely. */
	struct delivery **deliveries;
	size_t delivery_count, done;
	struct line_reader reader; /* in deliveries[done] */
	bool reading;
	char name[SUSPECT_NAME_MAX]; /* of that delivery's message */
	uint32_t line_number;	     /* in it, of the line read last */
	bool apart; /* workers died with it in hand: each of its lines is a batch of its own */
	struct suspects suspects;
	uint32_t suspects_sequence;

	char *rows;
	struct batch_line *row_lines; /* parallel to rows; no delivery: it was rejected */
	const void **sorted;
	size_t row_count;

	struct rejected_line *rejected;
	size_t rejected_count, rejected_size;
	size_t line_count, byte_count;
	size_t held_bytes; /* of the deliveries' bodies */
};

struct batch *
batch_new(const struct table *table, const struct batch_limits *limits, fill_row_fn *fill,
	  void *state)
{
	struct batch *batch = xcalloc(1, sizeof(*batch));

	batch->table = table;
	batch->limits = *limits;
	batch->fill = fill;
	batch->state = state;
	batch->md5 = md5_new();
	batch->unpacker = unpacker_new();
	batch->deliveries = xcalloc(limits->deliveries, sizeof(struct delivery *));
	batch->rows = xcalloc(limits->rows, table->row_size);
	batch->row_lines = xcalloc(limits->rows, sizeof(*batch->row_lines));
	batch->sorted = xcalloc(limits->rows, sizeof(*batch->sorted));
	return batch;
}

void
batch_free(struct batch **batch)
{
	struct batch *old = *batch;

	if (old == NULL)
		return;
	batch_drop(old);
	md5_free(&old->md5);
	unpacker_free(&old->unpacker);
	arena_clear(&old->arena);
	free(old->deliveries);
	free(old->rows);
	free(old->row_lines);
	free(old->sorted);
	free(old->rejected);
	free(old);
	*batch = NULL;
}

void
batch_add_delivery(struct batch *batch, struct delivery *delivery)
{
	assert(!batch_window_is_full(batch));
	batch->deliveries[batch->delivery_count++] = delivery;
	batch->held_bytes += delivery->message.body.len;
}

bool
batch_is_over_memory(const struct batch *batch)
{
	return batch->held_bytes >= BATCH_HELD_BYTES;
}

bool
batch_window_is_full(const struct batch *batch)
{
	return batch->delivery_count == batch->limits.deliveries;
}

/* --- one line --- */

static void
reject_line(struct batch *batch, const struct batch_line *from, enum reason reason,
	    const char *detail)
{
	if (batch->rejected_count == batch->rejected_size) {
		batch->rejected_size = MAX(64, 2 * batch->rejected_size);
		batch->rejected = xreallocarray(batch->rejected, batch->rejected_size,
						sizeof(*batch->rejected));
	}
	batch->rejected[batch->rejected_count++] = (struct rejected_line){
		.from = *from,
		.reason = reason,
		.detail = arena_copy(&batch->arena, detail, strlen(detail)),
	};
}

/* identity = position; without a position (a foreign message) equal lines stay one row. */
static uint64_t
origin_of_line(const struct batch_line *from)
{
	const struct message *message = &from->delivery->message;

	if (message->offset < 0)
		return 0;
	return origin_of(message->file_id, message->offset + (int64_t)from->offset_in_body);
}

static void
batch_add_line(struct batch *batch, const struct batch_line *from)
{
	void *row = batch->rows + batch->row_count * batch->table->row_size;
	struct line_context context = {.line = from->line, .message = &from->delivery->message};
	char detail[REJECT_DETAIL_MAX] = "";
	enum reason reason;

	batch->line_count++;
	batch->byte_count += from->line.len;
	if (from->line.len > batch->limits.max_line_bytes) {
		snprintf(detail, sizeof(detail), "%zu bytes, at most %zu are taken", from->line.len,
			 batch->limits.max_line_bytes);
		reject_line(batch, from, REASON_LINE_TOO_LONG, detail);
		return;
	}
	context.valid_utf8 = utf8_valid(from->line);
	context.origin = batch->limits.position ? origin_of_line(from) : 0;
	md5_hex(batch->md5, from->line, context.id);
	memset(row, 0, batch->table->row_size);
	reason = batch->fill(batch->state, &context, row, detail);
	if (reason == REASON_NONE)
		reason = row_check(batch->table, row, context.valid_utf8, &batch->arena, detail,
				   sizeof(detail));
	if (reason != REASON_NONE)
		reject_line(batch, from, reason, detail);
	else
		batch->row_lines[batch->row_count++] = *from;
}

/* --- all lines --- */

int64_t
batch_newest_time(const struct batch *batch)
{
	const struct table *table = batch->table;
	const struct column *column = NULL;
	int64_t newest = 0;

	for (size_t i = 0; i < table->column_count && table->time_column != NULL; i++)
		if (strcmp(table->columns[i].name, table->time_column) == 0)
			column = &table->columns[i];
	for (size_t i = 0; i < batch->row_count && column != NULL; i++) {
		int64_t time;

		memcpy(&time, row_field(batch->rows + i * table->row_size, column), sizeof(time));
		newest = MAX(newest, time);
	}
	return newest;
}

/* Rejected lines count too: a stream of nothing but bad lines has to be written as often. */
bool
batch_is_full(const struct batch *batch)
{
	return batch->row_count + batch->rejected_count >=
		       (batch->apart ? 1 : batch->limits.rows) ||
	       batch->byte_count >= BATCH_BYTES;
}

/* What cannot be unpacked has no lines that could be looked at: all of it is one dead letter. */
static void
unpack_delivery(struct batch *batch, struct delivery *delivery)
{
	const struct batch_line body = {.delivery = delivery, .line = delivery->message.body};
	const char *problem;

	/* Should it kill us, the supervisor finds its name here. */
	status_set_in_hand(batch->limits.status, batch->name);
	status_set_line(batch->limits.status, SUSPECT_LINE_ALL);
	problem = delivery_unpack(delivery, batch->unpacker);
	if (problem == NULL) {
		batch->held_bytes += delivery->message.body.len - body.line.len;
		batch->reader = lines_of(delivery->message.body);
		return;
	}
	batch->line_count++;
	batch->byte_count += body.line.len;
	reject_line(batch, &body, REASON_FRAME_UNREADABLE, problem);
	batch->reader = lines_of(SPAN_LITERAL(""));
}

/* Begin with the next delivery; false when what is in the batch has to be written before. */
static bool
start_delivery(struct batch *batch, struct delivery *delivery)
{
	bool apart;

	suspect_name(&delivery->message, batch->name);
	status_read_suspects(batch->limits.status, &batch->suspects_sequence, &batch->suspects);
	apart = suspects_has(&batch->suspects, batch->name);
	if (!batch_is_empty(batch) && (apart || batch->apart))
		return false;
	batch->apart = apart;
	batch->reader = lines_of(delivery->message.body);
	batch->line_number = 0;
	if (content_encoding_is_packed(delivery->message.content_encoding))
		unpack_delivery(batch, delivery);
	batch->reading = true;
	return true;
}

/* A line that workers died with is rejected unread. */
static bool
reject_guilty(struct batch *batch, const struct batch_line *from)
{
	const struct suspect *guilty =
		suspects_guilty(&batch->suspects, batch->name, batch->line_number);
	char detail[REJECT_DETAIL_MAX];

	if (guilty == NULL)
		return false;
	snprintf(detail, sizeof(detail), "%u workers died with this line in hand", guilty->deaths);
	batch->line_count++;
	batch->byte_count += from->line.len;
	reject_line(batch, from, REASON_WORKER_CRASHED, detail);
	log_error("message %s, line %u: %s: a dead letter", batch->name, batch->line_number,
		  detail);
	return true;
}

static void
read_lines(struct batch *batch, const struct delivery *delivery)
{
	struct batch_line from = {.delivery = delivery};

	/* Should a line of this message kill us, the supervisor finds its name here. */
	status_set_in_hand(batch->limits.status, batch->name);
	while (!batch_is_full(batch) && lines_next(&batch->reader, &from.line)) {
		from.offset_in_body = batch->reader.offset;
		status_set_line(batch->limits.status, ++batch->line_number);
		if (batch->apart && reject_guilty(batch, &from))
			continue;
		FAULT_LINE("worker.line", from.line);
		batch_add_line(batch, &from);
	}
}

static bool
fill_from_deliveries(struct batch *batch)
{
	while (batch->done < batch->delivery_count) {
		struct delivery *delivery = batch->deliveries[batch->done];

		if (!batch->reading && !start_delivery(batch, delivery))
			return false;
		read_lines(batch, delivery);
		if (batch_is_full(batch) && batch->reader.next < batch->reader.body.len)
			return false;
		batch->reading = false;
		batch->done++;
		if (batch_is_full(batch))
			return batch->done == batch->delivery_count;
	}
	return true;
}

bool
batch_fill(struct batch *batch)
{
	bool all = fill_from_deliveries(batch);

	status_set_line(batch->limits.status, SUSPECT_LINE_NONE);
	return all;
}

void
batch_show_in_hand(const struct batch *batch)
{
	struct status_page *status = batch->limits.status;

	if (batch->apart)
		status_set_line(status, batch->line_number);
	else
		status_set_line(status, SUSPECT_LINE_ALL);
	if (batch->done + batch->reading > 1)
		status_set_in_hand(status, "");
	for (size_t i = 0; i < batch->row_count; i++)
		FAULT_LINE("worker.write", batch->row_lines[i].line);
}

static void
clear_in_hand(const struct batch *batch)
{
	status_set_in_hand(batch->limits.status, "");
	status_set_line(batch->limits.status, SUSPECT_LINE_NONE);
}

size_t
batch_row_count(const struct batch *batch)
{
	return batch->row_count;
}

bool
batch_is_empty(const struct batch *batch)
{
	return batch->row_count == 0 && batch->rejected_count == 0 && batch->done == 0;
}

size_t
batch_line_count(const struct batch *batch)
{
	return batch->line_count;
}

size_t
batch_byte_count(const struct batch *batch)
{
	return batch->byte_count;
}

const void **
batch_sorted_rows(struct batch *batch, compare_rows_fn *compare, size_t *count)
{
	*count = 0;
	for (size_t i = 0; i < batch->row_count; i++)
		if (batch->row_lines[i].delivery != NULL)
			batch->sorted[(*count)++] = batch->rows + i * batch->table->row_size;
	qsort(batch->sorted, *count, sizeof(*batch->sorted), compare);
	return batch->sorted;
}

void
batch_reject_row(struct batch *batch, const void *row, enum reason reason, const char *detail)
{
	size_t index = (size_t)((const char *)row - batch->rows) / batch->table->row_size;

	assert(index < batch->row_count && batch->row_lines[index].delivery != NULL);
	reject_line(batch, &batch->row_lines[index], reason, detail);
	batch->row_lines[index].delivery = NULL;
}

const struct rejected_line *
batch_rejected(const struct batch *batch, size_t *count)
{
	*count = batch->rejected_count;
	return batch->rejected;
}

uint64_t
batch_ack_tag(const struct batch *batch)
{
	return batch->done > 0 ? batch->deliveries[batch->done - 1]->tag : 0;
}

struct delivery *const *
batch_done(const struct batch *batch, size_t *count)
{
	*count = batch->done;
	return batch->deliveries;
}

size_t
batch_in_hand(const struct batch *batch)
{
	return batch->delivery_count;
}

static void
forget_rows(struct batch *batch)
{
	batch->row_count = 0;
	batch->rejected_count = 0;
	batch->line_count = 0;
	batch->byte_count = 0;
	arena_reset(&batch->arena);
}

void
batch_finish(struct batch *batch)
{
	for (size_t i = 0; i < batch->done; i++) {
		batch->held_bytes -= batch->deliveries[i]->message.body.len;
		delivery_free(&batch->deliveries[i]);
	}
	batch->delivery_count -= batch->done;
	memmove(batch->deliveries, batch->deliveries + batch->done,
		batch->delivery_count * sizeof(struct delivery *));
	batch->done = 0;
	forget_rows(batch);
	clear_in_hand(batch);
}

void
batch_drop(struct batch *batch)
{
	for (size_t i = 0; i < batch->delivery_count; i++)
		delivery_free(&batch->deliveries[i]);
	batch->delivery_count = 0;
	batch->held_bytes = 0;
	batch->done = 0;
	batch->reading = false;
	forget_rows(batch);
	clear_in_hand(batch);
}
