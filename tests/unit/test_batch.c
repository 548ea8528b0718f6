/* SPDX-License-Identifier: MIT */
/*
 * test_batch.c - from deliveries to rows, rejected lines and the tag to acknowledge.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/worker/batch.h"
#include "common/base/xalloc.h"
#include "lake_worker/raw_row.h"

static int freed;
static struct status_page test_page;

/* Stands in for the broker's: a delivery here is plain memory. */
void
delivery_free(struct delivery **delivery)
{
	if (*delivery == NULL)
		return;
	free(*delivery);
	*delivery = NULL;
	freed++;
}

/* A body from xcalloc() takes the place of the packed one. */
static char *unpacked;

const char *
delivery_unpack(struct delivery *delivery, struct unpacker *unpacker)
{
	struct message *message = &delivery->message;
	const char *problem;
	size_t len;

	if (!content_encoding_is_packed(message->content_encoding))
		return NULL;
	problem = unpacker_unpack(unpacker, message->content_encoding, message->body, &unpacked,
				  &len);
	if (problem == NULL) {
		message->body = (struct span){.ptr = unpacked, .len = len};
		message->content_encoding = SPAN_NULL;
	}
	return problem;
}

static struct delivery *
make_delivery(uint64_t tag, const char *body)
{
	struct delivery *delivery = xcalloc(1, sizeof(*delivery));

	delivery->tag = tag;
	delivery->message = MESSAGE_INIT;
	delivery->message.body = span_of(body);
	delivery->message.file_id = SPAN_LITERAL("0123456789abcdef");
	delivery->message.offset = 1000 * (int64_t)tag;
	return delivery;
}

/* A role that rejects lines starting with '!' and wants "long" ones cut off by the column check. */
static enum reason
fill(void *state, const struct line_context *line, void *out, char detail[REJECT_DETAIL_MAX])
{
	if (line->line.len > 0 && line->line.ptr[0] == '!') {
		snprintf(detail, REJECT_DETAIL_MAX, "byte 1: a bad line");
		return REASON_PARSE_NO_MATCH;
	}
	return raw_row_fill(state, line, out, detail);
}

static struct batch *
make_batch(size_t rows, size_t deliveries, bool position)
{
	struct batch_limits limits = {.rows = rows,
				      .deliveries = deliveries,
				      .max_line_bytes = 50,
				      .position = position,
				      .status = &test_page};

	freed = 0;
	return batch_new(&raw_log_table, &limits, fill, NULL);
}

static const struct raw_row *
row_of(struct batch *batch, size_t i)
{
	size_t count;

	return batch_sorted_rows(batch, raw_row_compare, &count)[i];
}

static void
test_rows_and_ack(void **state)
{
	struct batch *batch = make_batch(100, 4, false);
	size_t rejected;

	(void)state;
	assert_true(batch_is_empty(batch));
	batch_add_delivery(batch, make_delivery(1, "b\na\n"));
	batch_add_delivery(batch, make_delivery(2, ""));
	batch_add_delivery(batch, make_delivery(3, "!bad\r\nc"));
	assert_true(batch_fill(batch));
	assert_int_equal(batch_row_count(batch), 3);
	assert_int_equal(batch_line_count(batch), 4);
	assert_int_equal(batch_ack_tag(batch), 3);
	/* sorted by time (none), then by MD5: c 4a8a.., b 92eb.., a 0cc1.. */
	assert_memory_equal(row_of(batch, 0)->id, "0cc175b9c0f1b6a831c399e269772661", 32);
	assert_memory_equal(row_of(batch, 1)->id, "4a8a08f09d37b73795649038408b5f33", 32);
	assert_memory_equal(row_of(batch, 2)->id, "92eb5ffee6ae2fec3ad71c777531578f", 32);
	assert_int_equal(batch_rejected(batch, &rejected)[0].reason, REASON_PARSE_NO_MATCH);
	assert_int_equal(rejected, 1);
	assert_int_equal(batch_rejected(batch, &rejected)[0].from.line.len, 4);
	batch_finish(batch);
	assert_true(batch_is_empty(batch));
	assert_int_equal(freed, 3);
	assert_int_equal(batch_ack_tag(batch), 0);
	batch_free(&batch);
}

/*
 * A frame with more lines than a batch has rows is settled in parts, and acknowledged at its end.
 */
static void
test_frame_larger_than_batch(void **state)
{
	struct batch *batch = make_batch(3, 4, false);

	(void)state;
	batch_add_delivery(batch, make_delivery(7, "1\n2\n3\n4\n5\n6\n7\n"));
	batch_add_delivery(batch, make_delivery(8, "8\n"));
	assert_false(batch_fill(batch));
	assert_int_equal(batch_row_count(batch), 3);
	assert_int_equal(batch_ack_tag(batch), 0);
	batch_finish(batch);
	assert_int_equal(freed, 0);
	assert_false(batch_fill(batch));
	assert_int_equal(batch_row_count(batch), 3);
	assert_int_equal(batch_ack_tag(batch), 0);
	batch_finish(batch);
	assert_true(batch_fill(batch));
	assert_int_equal(batch_row_count(batch), 2);
	assert_int_equal(batch_ack_tag(batch), 8);
	batch_finish(batch);
	assert_int_equal(freed, 2);
	batch_free(&batch);
}

/* Full exactly at the end of a frame: that frame can be acknowledged. */
static void
test_full_at_frame_end(void **state)
{
	struct batch *batch = make_batch(3, 4, false);

	(void)state;
	batch_add_delivery(batch, make_delivery(1, "1\n2\n3\n"));
	assert_false(batch_is_full(batch));
	assert_true(batch_fill(batch));
	assert_true(batch_is_full(batch));
	batch_add_delivery(batch, make_delivery(2, "4\n"));
	assert_false(batch_fill(batch));
	assert_int_equal(batch_ack_tag(batch), 1);
	batch_finish(batch);
	assert_false(batch_is_full(batch));
	assert_true(batch_fill(batch));
	assert_false(batch_is_full(batch));
	assert_int_equal(batch_ack_tag(batch), 2);
	batch_free(&batch);
	assert_int_equal(freed, 2);
}

static void
test_window(void **state)
{
	struct batch *batch = make_batch(100, 2, false);

	(void)state;
	batch_add_delivery(batch, make_delivery(1, "1\n"));
	assert_false(batch_window_is_full(batch));
	batch_add_delivery(batch, make_delivery(2, "2\n"));
	assert_true(batch_window_is_full(batch));
	assert_true(batch_fill(batch));
	batch_drop(batch);
	assert_int_equal(freed, 2);
	assert_true(batch_is_empty(batch));
	assert_false(batch_window_is_full(batch));
	batch_free(&batch);
}

static void
test_too_long_and_not_utf8(void **state)
{
	struct batch *batch = make_batch(100, 4, false);
	const struct raw_row *row;
	size_t rejected;

	(void)state;
	batch_add_delivery(
		batch,
		make_delivery(1, "0123456789012345678901234567890123456789012345678901\nx\xffy\n"));
	assert_true(batch_fill(batch));
	assert_int_equal(batch_rejected(batch, &rejected)[0].reason, REASON_LINE_TOO_LONG);
	assert_non_null(strstr(batch_rejected(batch, &rejected)[0].detail, "52 bytes"));
	assert_int_equal(batch_row_count(batch), 1);
	row = row_of(batch, 0);
	assert_int_equal(row->log.len, 6);
	assert_memory_equal(row->log.ptr, "x\\xFFy", 6);
	assert_int_equal(row->log_bytes.len, 3);
	assert_memory_equal(row->log_bytes.ptr, "x\xffy", 3);
	batch_free(&batch);
}

static void
test_reject_row(void **state)
{
	struct batch *batch = make_batch(100, 4, false);
	const struct rejected_line *rejected;
	size_t count;

	(void)state;
	batch_add_delivery(batch, make_delivery(1, "b\na\n"));
	assert_true(batch_fill(batch));
	batch_reject_row(batch, row_of(batch, 0), REASON_DB_DATA_TOO_LONG, "too long");
	rejected = batch_rejected(batch, &count);
	assert_int_equal(count, 1);
	assert_memory_equal(rejected[0].from.line.ptr, "a", 1);
	assert_int_equal(rejected[0].from.offset_in_body, 2);
	assert_string_equal(rejected[0].detail, "too long");
	batch_free(&batch);
}

/* identity = position: the same line elsewhere is another row, at the same place it is the same. */
static void
test_position(void **state)
{
	struct batch *batch = make_batch(100, 4, true);
	uint64_t first, second;

	(void)state;
	batch_add_delivery(batch, make_delivery(1, "a\na\n"));
	assert_true(batch_fill(batch));
	first = row_of(batch, 0)->origin;
	second = row_of(batch, 1)->origin;
	assert_true(first != second && first != 0 && second != 0);
	batch_finish(batch);
	batch_add_delivery(batch, make_delivery(1, "a\na\n"));
	assert_true(batch_fill(batch));
	assert_true(row_of(batch, 0)->origin == first && row_of(batch, 1)->origin == second);
	batch_free(&batch);
}

/* Few huge messages are a batch, too; and too many of them are too much. */
static void
test_bytes(void **state)
{
	struct batch *batch = make_batch(100, 16, false);
	char *huge = xcalloc(BATCH_BYTES + 1, 1);

	(void)state;
	memset(huge, 'x', BATCH_BYTES);
	batch_add_delivery(batch, make_delivery(1, huge));
	batch_add_delivery(batch, make_delivery(2, "a"));
	assert_false(batch_fill(batch));
	assert_true(batch_is_full(batch));
	assert_int_equal(batch_ack_tag(batch), 1);
	batch_finish(batch);
	assert_true(batch_fill(batch));
	assert_int_equal(batch_ack_tag(batch), 2);
	for (uint64_t tag = 3; tag < 3 + BATCH_HELD_BYTES / BATCH_BYTES; tag++) {
		assert_false(batch_is_over_memory(batch));
		batch_add_delivery(batch, make_delivery(tag, huge));
	}
	assert_true(batch_is_over_memory(batch));
	batch_drop(batch);
	assert_false(batch_is_over_memory(batch));
	batch_free(&batch);
	free(huge);
}

/* A packed frame is its lines; one that cannot be unpacked is one rejected line. */
static void
test_packed(void **state)
{
	struct batch *batch = make_batch(3000, 4, false);
	struct delivery *good = make_delivery(1, ""), *bad = make_delivery(2, "no LZ4 frame\n");
	const struct rejected_line *rejected;
	struct packer packer = {.bytes = NULL};
	char lines[2049] = "";
	size_t count;

	(void)state;
	for (size_t i = 0; i < 1024; i++)
		memcpy(lines + 2 * i, "a\n", 2);
	assert_true(packer_pack(&packer, span_of(lines), &good->message.body));
	good->message.content_encoding = bad->message.content_encoding = SPAN_LITERAL("lz4");
	batch_add_delivery(batch, good);
	batch_add_delivery(batch, bad);
	batch_add_delivery(batch, make_delivery(3, "b\n"));
	assert_true(batch_fill(batch));
	assert_int_equal(batch_row_count(batch), 1025);
	assert_int_equal(batch_ack_tag(batch), 3);
	rejected = batch_rejected(batch, &count);
	assert_int_equal(count, 1);
	assert_int_equal(rejected->reason, REASON_FRAME_UNREADABLE);
	assert_string_equal(rejected->detail, "the body is no LZ4 frame");
	assert_memory_equal(rejected->from.line.ptr, "no LZ4 frame\n", 13);
	assert_int_equal(rejected->from.line.len, 13);
	assert_memory_equal(rejected->from.delivery->message.content_encoding.ptr, "lz4", 3);
	batch_finish(batch);
	assert_int_equal(freed, 3);
	batch_free(&batch);
	packer_free(&packer);
	free(unpacked);
}

static uint32_t
line_in_hand(void)
{
	return test_page.in_hand_line;
}

/* A message that workers died with: one line at a time, neighbours apart, the guilty one unread. */
static void
test_suspect(void **state)
{
	struct batch *batch = make_batch(100, 8, false);
	const struct rejected_line *rejected;
	struct suspects suspects = {0};
	char text[STATUS_TEXT_MAX];
	size_t count;

	(void)state;
	suspects_note(&suspects, "second", 2, SUSPECT_WEIGHT_CRASHED, 5);
	suspects_note(&suspects, "second", 2, SUSPECT_WEIGHT_CRASHED, 6);
	status_write_suspects(&test_page, &suspects);
	for (uint64_t tag = 1; tag <= 3; tag++) {
		struct delivery *delivery = make_delivery(tag, "a\nb\nc\n");

		delivery->message.message_id = span_of(tag == 2 ? "second" : "other");
		batch_add_delivery(batch, delivery);
	}
	/* what came before is settled first */
	assert_false(batch_fill(batch));
	assert_int_equal(batch_row_count(batch), 3);
	assert_int_equal(batch_ack_tag(batch), 1);
	batch_finish(batch);
	for (uint32_t line = 1; line <= 3; line++) {
		assert_false(batch_fill(batch));
		assert_int_equal(line_in_hand(), SUSPECT_LINE_NONE);
		assert_int_equal(batch_row_count(batch), line == 2 ? 0 : 1);
		rejected = batch_rejected(batch, &count);
		assert_int_equal(count, line == 2 ? 1 : 0);
		if (line == 2) {
			assert_int_equal(rejected->reason, REASON_WORKER_CRASHED);
			assert_memory_equal(rejected->from.line.ptr, "b", 1);
			assert_string_equal(rejected->detail,
					    "2 workers died with this line in hand");
		}
		batch_show_in_hand(batch);
		assert_int_equal(line_in_hand(), line);
		assert_string_equal(status_in_hand_text(&test_page, text, sizeof(text)),
				    line == 1	? "second, line 1"
				    : line == 2 ? "second, line 2"
						: "second, line 3");
		assert_int_equal(batch_ack_tag(batch), line == 3 ? 2 : 0);
		batch_finish(batch);
		assert_int_equal(line_in_hand(), SUSPECT_LINE_NONE);
	}
	assert_true(batch_fill(batch));
	assert_int_equal(batch_row_count(batch), 3);
	batch_show_in_hand(batch);
	assert_string_equal(status_in_hand_text(&test_page, text, sizeof(text)), "other");
	assert_int_equal(line_in_hand(), SUSPECT_LINE_ALL);
	batch_finish(batch);
	/* many messages in one batch have no name */
	batch_add_delivery(batch, make_delivery(4, "a\n"));
	batch_add_delivery(batch, make_delivery(5, "a\n"));
	assert_true(batch_fill(batch));
	batch_show_in_hand(batch);
	assert_string_equal(status_in_hand_text(&test_page, text, sizeof(text)), "a batch");
	batch_free(&batch);
	status_write_suspects(&test_page, &(struct suspects){0});
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_and_ack),
		cmocka_unit_test(test_frame_larger_than_batch),
		cmocka_unit_test(test_full_at_frame_end),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_too_long_and_not_utf8),
		cmocka_unit_test(test_reject_row),
		cmocka_unit_test(test_position),
		cmocka_unit_test(test_suspect),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_packed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
