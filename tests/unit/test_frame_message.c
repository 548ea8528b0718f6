/* SPDX-License-Identifier: MIT */
/*
 * test_frame_message.c - what a frame becomes on its way to the broker.
 */
#include "producer/frame_message.h"
#include "common/broker/topology.h"
#include "common/settings/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct settings settings = {.producer = {.max_line_bytes = 4}};
static struct frame_message message;

static const struct input_settings input = {.format = (char[]){"ezproxy"},
					    .routing_key = (char[]){"web.logs"}};
static struct log_file file = {
	.path = (char[]){"/a.log"}, .input = &input, .track = {.id = "0123456789abcdef"}};

static const struct window_frame lines = {.track = &file.track,
					  .file = &file,
					  .kind = FRAME_LINES,
					  .offset = 17,
					  .length = 4,
					  .body_len = 4,
					  .lines = 2};

static void
assert_span(struct span got, const char *want)
{
	if (!span_equals(got, span_of(want)))
		fail_msg("\"%.*s\" is not \"%s\"", (int)got.len, got.ptr, want);
}

static int
tear_down(void **state)
{
	(void)state;
	frame_message_free(&message);
	return 0;
}

static void
test_lines(void **state)
{
	(void)state;
	frame_message_fill(&message, &lines, SPAN_LITERAL("a\nb\n"), &settings, "producer@host");
	assert_true(span_equals(message.message.host, SPAN_LITERAL("host")));
	assert_string_equal(message.exchange, TOPOLOGY_EXCHANGE);
	assert_string_equal(message.routing_key, "web.logs");
	assert_span(message.message.body, "a\nb\n");
	assert_span(message.message.message_id, "0123456789abcdef:17");
	assert_span(message.message.file_id, "0123456789abcdef");
	assert_span(message.message.source, "/a.log");
	assert_span(message.message.format, "ezproxy");
	assert_int_equal(message.message.offset, 17);
	assert_int_equal(message.message.lines, 2);
	assert_null(message.message.stage.ptr);
	assert_null(message.message.content_encoding.ptr);
}

/* One message per stage, to its dead letters, each with the start of the line. */
static void
test_line_over_the_limit(void **state)
{
	struct window_frame frame = lines;

	(void)state;
	frame.kind = FRAME_TOO_LONG;
	frame.length = 100;
	for (enum stage_id stage = 0; stage < STAGE_COUNT; stage++) {
		frame.stage = stage;
		frame.lines = stage + 1 == STAGE_COUNT ? 1 : 0;
		frame_message_fill(&message, &frame, SPAN_LITERAL("abcd"), &settings, "p@host");
		assert_string_equal(message.exchange, TOPOLOGY_DEAD_EXCHANGE);
		assert_string_equal(message.routing_key, stage_table[stage].queue);
		assert_span(message.message.stage, stage_table[stage].name);
		assert_span(message.message.reason, "line.too_long");
		assert_span(message.message.worker, "p@host");
		assert_span(message.message.detail,
			    "the line has 99 bytes, producer.max_line_bytes is 4; these are its "
			    "first 4; the whole line is at byte 17 of /a.log");
		assert_int_equal(message.message.lines, 1);
	}
	/* A last line without its LF is all of it. */
	frame.unfinished = true;
	frame_message_fill(&message, &frame, SPAN_LITERAL("abcd"), &settings, "p@host");
	assert_memory_equal(message.message.detail.ptr, "the line has 100 bytes", 22);
}

static void
test_event(void **state)
{
	struct window_track track = {.id = "settings"};
	struct window_frame frame = {.track = &track, .kind = FRAME_EVENT, .offset = 1, .lines = 1};
	char *items[] = {(char[]){"one"}, (char[]){"two"}};
	struct span body;

	(void)state;
	settings.events = (struct text_list){.items = items, .count = 2};
	assert_int_equal(frame_message_load(&message, &frame, &settings, &body), LOG_FILE_BYTES);
	assert_span(body, "two");
	frame_message_fill(&message, &frame, body, &settings, "p@host");
	assert_string_equal(message.routing_key, "logs");
	assert_span(message.message.message_id, "settings:1");
	assert_span(message.message.source, "settings");
	assert_null(message.message.file_id.ptr);
}

/* Only lines are packed: people look at the rest. */
static void
test_packed(void **state)
{
	struct window_frame frame = lines;
	struct unpacker *unpacker = unpacker_new();
	char body[4096], *bytes;
	size_t len;

	(void)state;
	memset(body, 'a', sizeof(body));
	settings.producer.compression = COMPRESSION_LZ4;
	frame_message_fill(&message, &frame, (struct span){body, sizeof(body)}, &settings, "p");
	assert_span(message.message.content_encoding, CONTENT_ENCODING_LZ4);
	assert_true(message.message.body.len < sizeof(body));
	assert_null(unpacker_unpack(unpacker, message.message.content_encoding,
				    message.message.body, &bytes, &len));
	assert_int_equal(len, sizeof(body));
	assert_memory_equal(bytes, body, len);
	free(bytes);
	frame.kind = FRAME_TOO_LONG;
	frame_message_fill(&message, &frame, (struct span){body, sizeof(body)}, &settings, "p");
	assert_null(message.message.content_encoding.ptr);
	assert_int_equal(message.message.body.len, sizeof(body));
	unpacker_free(&unpacker);
	settings.producer.compression = 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_lines, tear_down),
		cmocka_unit_test_teardown(test_line_over_the_limit, tear_down),
		cmocka_unit_test_teardown(test_event, tear_down),
		cmocka_unit_test_teardown(test_packed, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
