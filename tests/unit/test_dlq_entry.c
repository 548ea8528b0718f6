/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_entry.c - letters as lines of JSON, read back.
 */
#include "supervisor/dlq/dlq_entry.h"
#include "supervisor/dlq/dlq_id.h"
#include "tests/fakes/fake_broker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void
test_read_back(void **state)
{
	static const char good[] = "{\"queue\": \"clean\", \"body_base64\": \"/wA=\", "
				   "\"properties\": {\"message_id\": \"f:1\"}}";
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"{\"queue\": \"x\", \"body\": \"\"}",
		"{\"queue\": \"clean\"}",
		"{\"queue\": \"clean\", \"body_base64\": \"?\"}",
		"{\"queue\": \"clean\", \"body\": \"\", \"properties\": 1}"};
	struct md5 *md5 = md5_new();
	struct dlq_entry entry;
	char error[256];

	(void)state;
	assert_int_equal(dlq_entry_parse(good, strlen(good), &entry, error, sizeof(error)), 0);
	assert_int_equal(entry.body_len, 2);
	assert_memory_equal(entry.body, "\xff\0", 2);
	assert_true(dlq_entry_id(md5, &entry) ==
		    dlq_id_of(md5, STAGE_CLEAN, SPAN_LITERAL("f:1"), (struct span){"\xff\0", 2}));
	dlq_entry_free(&entry);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(
			dlq_entry_parse(bad[i], strlen(bad[i]), &entry, error, sizeof(error)), -1);
	md5_free(&md5);
}

/* Written, read back: the same letter, byte for byte. */
static void
test_round_trip(void **state)
{
	static const struct {
		struct span body;
		const char *member;
	} cases[] = {
		{SPAN_LITERAL("a line"), "\"body\":\"a line\""},
		{SPAN_LITERAL(""), "\"body\":\"\""},
		{SPAN_LITERAL("gr\xc3\xbc\xc3\x9f \x1b[31m\x7f\n"),
		 "\"body\":\"gr\\u00FC\\u00DF \\u001B[31m\\u007f\\n\""},
		{SPAN_LITERAL("\xff\xfe"), "\"body_base64\":\"//4=\""},
		{{"a\0b", 3}, "\"body_base64\":\"YQBi\""},
	};
	struct md5 *md5 = md5_new();

	(void)state;
	fake_broker_reset();
	fake_broker_add_queue("q");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct message message = MESSAGE_INIT, back;
		struct delivery *delivery;
		struct dlq_letter letter;
		struct dlq_entry entry;
		json_t *object;
		char *line = NULL, error[256] = "";
		size_t len;
		FILE *file = open_memstream(&line, &len);

		message.body = cases[i].body;
		message.message_id = SPAN_LITERAL("f:17");
		message.reason = SPAN_LITERAL("db.null");
		message.offset = 17;
		fake_broker_put("q", &message);
		delivery = fake_broker_look("q", i);
		dlq_letter_read(md5, STAGE_CLEAN, delivery, &letter);
		object = dlq_entry_new(&letter);
		assert_int_equal(dlq_entry_print(file, object), 0);
		fclose(file);
		assert_non_null(strstr(line, cases[i].member));
		assert_non_null(strstr(line, "\"queue\":\"queue-data-clean.dead\""));
		/* a line of ASCII without anything that a terminal obeys */
		assert_ptr_equal(strchr(line, '\n'), line + len - 1);
		for (size_t j = 0; j + 1 < len; j++)
			assert_true(line[j] >= 0x20 && line[j] < 0x7f);
		assert_int_equal(dlq_entry_parse(line, len, &entry, error, sizeof(error)), 0);
		assert_true(entry.queue == STAGE_CLEAN);
		assert_true(span_equals((struct span){entry.body, entry.body_len}, cases[i].body));
		assert_true(dlq_entry_id(md5, &entry) == letter.id);
		back = dlq_entry_message(&entry);
		assert_true(span_equals(back.reason, message.reason));
		assert_int_equal(back.offset, 17);
		dlq_entry_free(&entry);
		json_decref(object);
		delivery_free(&delivery);
		free(line);
	}
	md5_free(&md5);
}

/* What a message-id cannot say in JSON still gives the same id. */
static void
test_odd_message_id(void **state)
{
	static const char line[] = "{\"queue\": \"lake\", \"body\": \"x\", "
				   "\"properties\": {\"message_id\": {\"$text\": \"/w==\"}}}";
	struct md5 *md5 = md5_new();
	struct dlq_entry entry;
	char error[256];

	(void)state;
	assert_int_equal(dlq_entry_parse(line, strlen(line), &entry, error, sizeof(error)), 0);
	assert_true(dlq_entry_id(md5, &entry) ==
		    dlq_id_of(md5, STAGE_LAKE, SPAN_LITERAL("\xff"), SPAN_LITERAL("x")));
	dlq_entry_free(&entry);
	md5_free(&md5);
}

static void
test_texts_and_times(void **state)
{
	json_t *text = dlq_entry_text(SPAN_LITERAL("gr\xc3\xbc\xff"), 0), *time;

	(void)state;
	assert_string_equal(json_string_value(text), "gr\xc3\xbc\\xFF");
	json_decref(text);
	text = dlq_entry_text(SPAN_LITERAL("gr\xc3\xbc"), 3); /* not half a character */
	assert_string_equal(json_string_value(text), "gr");
	json_decref(text);
	time = dlq_entry_time(86399);
	assert_string_equal(json_string_value(time), "1970-01-01T23:59:59Z");
	json_decref(time);
	time = dlq_entry_time(0);
	assert_true(json_is_null(time));
	json_decref(time);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_back),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_odd_message_id),
		cmocka_unit_test(test_texts_and_times),
	};

	return cmocka_run_group_tests_name("dlq_entry", tests, NULL, NULL);
}
