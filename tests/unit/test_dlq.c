/* SPDX-License-Identifier: MIT */
/*
 * test_dlq.c - dead letters without a broker: ids, groups, selection, harmless text, times, NDJSON,
 * headers of messages sent again.
 */
#include "common/base/base64.h"
#include "common/base/defs.h"
#include "common/message/lines.h"
#include "supervisor/dlq/dlq_csv.h"
#include "supervisor/dlq/dlq_entry.h"
#include "supervisor/dlq/dlq_format.h"
#include "supervisor/dlq/dlq_group_stats.h"
#include "supervisor/dlq/dlq_headers.h"
#include "supervisor/dlq/dlq_id.h"
#include "supervisor/dlq/dlq_known_ids.h"
#include "supervisor/dlq/dlq_select.h"
#include "supervisor/dlq/dlq_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

static void
test_ids(void **state)
{
	struct md5 *md5 = md5_new();
	struct span body = SPAN_LITERAL("a line"), id = SPAN_LITERAL("f:17");
	uint64_t clean = dlq_id_of(md5, STAGE_CLEAN, id, body), parsed;
	char text[DLQ_ID_SIZE];
	enum stage_id queue;
	unsigned digits;

	(void)state;
	assert_true(clean == dlq_id_of(md5, STAGE_CLEAN, id, body));
	assert_true(clean != dlq_id_of(md5, STAGE_LAKE, id, body));
	assert_true(clean != dlq_id_of(md5, STAGE_CLEAN, SPAN_NULL, body));
	assert_true(clean != dlq_id_of(md5, STAGE_CLEAN, id, SPAN_LITERAL("a line\n")));
	dlq_id_text(STAGE_CLEAN, clean, text);
	assert_int_equal(strlen(text), DLQ_ID_SIZE - 1);
	assert_int_equal(dlq_id_parse(text, &queue, &parsed, &digits), 0);
	assert_true(queue == STAGE_CLEAN && parsed == clean && digits == DLQ_ID_DIGITS);
	text[7] = '\0';
	assert_int_equal(dlq_id_parse(text, &queue, &parsed, &digits), 0);
	assert_true(digits == 6 && dlq_id_begins(clean, parsed, digits));
	assert_false(dlq_id_begins(clean ^ UINT64_C(1) << 36, parsed, digits));
	assert_int_equal(dlq_id_parse("c12", &queue, &parsed, &digits), -1);
	assert_int_equal(dlq_id_parse("x1234", &queue, &parsed, &digits), -1);
	assert_int_equal(dlq_id_parse("c12345678901234567", &queue, &parsed, &digits), -1);
	md5_free(&md5);
}

static void
test_patterns(void **state)
{
	static const struct {
		const char *detail, *pattern;
	} cases[] = {
		{"format ezproxy, byte 17: expected a time",
		 "format ezproxy, byte N: expected a time"},
		{"format \"x y\" of the message is unknown",
		 "format \"*\" of the message is unknown"},
		{"one \" alone 12.5", "one \" alone N.N"},
		{"\x1b[31m\xff", "?[Nm?"},
		{"", ""},
	};
	char pattern[DLQ_PATTERN_SIZE], group[DLQ_GROUP_SIZE];
	uint32_t number, parsed;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		dlq_group_pattern(span_of(cases[i].detail), pattern);
		assert_string_equal(pattern, cases[i].pattern);
	}
	number = dlq_group_number(STAGE_CLEAN, SPAN_LITERAL("parse.no_match"), "x");
	assert_true(number != dlq_group_number(STAGE_LAKE, SPAN_LITERAL("parse.no_match"), "x"));
	assert_int_equal(dlq_group_parse(dlq_group_text(number, group), &parsed), 0);
	assert_int_equal(parsed, number);
	assert_int_equal(dlq_group_parse("g12", &parsed), -1);
}

static void
test_group_details(void **state)
{
	static const struct {
		const char *detail;
		bool differs;
	} cases[] = {
		{"byte 12 of /tmp/h6/a.log, as [29/Oct/2026]", false},
		{"byte 12 of /tmp/h6/a.log, as [29/Oct/2026]", false},
		{"byte 13 of /tmp/h6/a.log, as [29/Oct/2026]", true},
		{"byte 12 of /tmp/h6/a.log, as [29/Oct/2026]", true},
	};
	struct dlq_group_stats *table = dlq_group_stats_new();
	struct dlq_letter letter = {.queue = STAGE_CLEAN, .reason = SPAN_LITERAL("r")};
	struct dlq_group_row *row;

	(void)state;
	letter.line = SPAN_LITERAL("x");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		letter.detail = span_of(cases[i].detail);
		row = dlq_group_stats_add(table, &letter);
		assert_int_equal(row->letters, i + 1);
		assert_int_equal(row->differs, cases[i].differs);
		assert_true(span_equals((struct span){row->detail, row->detail_len},
					span_of(cases[0].detail)));
	}
	dlq_group_stats_free(&table);
}

static void
test_csv(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"a", "a"},
		{"=1+1", "\"'=1+1\""},
		{"+x", "\"'+x\""},
		{"-x", "\"'-x\""},
		{"@x", "\"'@x\""},
		{"\tx", "\"'\\x09x\""},
		{"a\"b", "\"a\"\"b\""},
		{"a,b", "\"a,b\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char out[64] = "";
		FILE *memory = fmemopen(out, sizeof(out), "w");

		dlq_csv_print(memory, span_of(cases[i].in));
		fclose(memory);
		assert_string_equal(out, cases[i].out);
	}
}

static void
test_times(void **state)
{
	static const struct {
		const char *text;
		int64_t wanted; /* -1 = refused */
	} cases[] = {
		{"90s", 999910},
		{"2h", 992800},
		{"@17", 17},
		{"1970-01-02T00:00:00Z", 86400},
		{"1970-01-02", 86400},
		{"1970-01-02 00:01", 86460},
		{"1970-01-02T00:00:02", 86402},
		{"1970-01-02 01:00+01:00", 86400},
		{"1970-01-01T19:30-0430", 86400},
		{"", -1},
		{"yesterday", -1},
		{"2h2", -1},
		{"1970-01-02T00:00:00+99:00", -1},
	};

	char shown[32];

	(void)state;
	setenv("TZ", "Asia/Kolkata", 1); /* no matter */
	tzset();
	assert_string_equal(dlq_time_or_dash(86399, shown), "1970-01-01T23:59:59Z");
	assert_string_equal(dlq_time_or_dash(0, shown), "-");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t got = -1;

		assert_int_equal(dlq_time_parse(cases[i].text, 1000000, &got),
				 cases[i].wanted < 0 ? -1 : 0);
		if (cases[i].wanted >= 0)
			assert_int_equal(got, cases[i].wanted);
	}
}

static void
test_base64(void **state)
{
	(void)state;
	for (size_t len = 0; len < 70; len++) {
		char bytes[70];
		size_t back_len;
		char *text, *back;

		for (size_t i = 0; i < len; i++)
			bytes[i] = (char)(i * 151 + len);
		text = base64_encode((struct span){bytes, len});
		back = base64_decode(text, &back_len);
		assert_non_null(back);
		assert_int_equal(back_len, len);
		assert_memory_equal(back, bytes, len);
		free(text);
		free(back);
	}
	assert_null(base64_decode("abc", &(size_t){0}));
	assert_null(base64_decode("ab$=", &(size_t){0}));
}

static void
test_entries(void **state)
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

static void
test_again(void **state)
{
	json_t *p = json_loads("{\"headers\": {\"x-death\": [], \"x-first-death-queue\": \"q\", "
			       "\"x-sluice-reason\": \"r\", \"x-sluice-first-failed\": 1, "
			       "\"x-own\": true, \"x-sluice-format\": \"ezproxy\"}}",
			       0, NULL),
	       *wanted = json_loads("{\"headers\": {\"x-sluice-first-failed\": 1, \"x-own\": true, "
				    "\"x-sluice-format\": \"combined\", \"x-sluice-retries\": 3}}",
				    0, NULL);

	(void)state;
	dlq_headers_resend(p, 3, "combined");
	assert_true(json_equal(p, wanted));
	dlq_headers_edit(p, SPAN_LITERAL("first"), "me", 5);
	dlq_headers_edit(p, SPAN_LITERAL("second"), "you", 6);
	assert_string_equal(json_string_value(json_object_get(json_object_get(p, "headers"),
							      "x-sluice-original")),
			    "first");
	dlq_headers_hold(p, "me", 5);
	dlq_headers_hold(p, NULL, 0);
	assert_null(json_object_get(json_object_get(p, "headers"), DLQ_HELD_HEADER));
	json_decref(p);
	json_decref(wanted);
}

static void
test_selection(void **state)
{
	struct dlq_select select = {.by_id = false};
	struct dlq_letter letter = {.queue = STAGE_CLEAN, .id = UINT64_C(0x123456789abcdef)};
	struct dlq_letter other = {.queue = STAGE_CLEAN, .id = UINT64_C(0x123456789abcdee)};
	char error[256];

	(void)state;
	assert_int_equal(dlq_select_add(&select, "c123456789abcdef", error, sizeof(error)), 0);
	dlq_select_sort(&select);
	assert_true(dlq_select_wants_queue(&select, STAGE_CLEAN));
	assert_false(dlq_select_wants_queue(&select, STAGE_LAKE));
	assert_true(dlq_select_matches(&select, &letter));
	assert_false(dlq_select_matches(&select, &other));
	assert_int_equal(dlq_select_add(&select, "c1234", error, sizeof(error)), 0);
	dlq_select_note_prefix(&select, &letter);
	dlq_select_note_prefix(&select, &other);
	assert_int_equal(dlq_select_resolve(&select, error, sizeof(error)), -1);
	assert_int_equal(dlq_select_add(&select, "nonsense", error, sizeof(error)), -1);
	dlq_select_free(&select);
	assert_false(dlq_select_has_filters(&select));
	select.has_group = true;
	select.group = dlq_group_of(&letter);
	assert_true(dlq_select_has_filters(&select));
	assert_false(dlq_select_leaves_held(&select, &letter));
	letter.held = true;
	assert_false(dlq_select_matches(&select, &letter));
	assert_true(dlq_select_leaves_held(&select, &letter));
	select.group++;
	assert_false(dlq_select_leaves_held(&select, &letter));
	dlq_select_free(&select);
	assert_int_equal(dlq_select_set_regex(&select, "[", error, sizeof(error)), -1);
}

static void
test_empty_lines(void **state)
{
	struct message message = MESSAGE_INIT;

	(void)state;
	message.body = SPAN_LITERAL("");
	message.reason = SPAN_LITERAL("parse.no_match");
	assert_int_equal(lines_count(message_lines(&message)), 1);
	assert_true(span_equals(message_lines(&message), SPAN_LITERAL("\n")));
	message.body = SPAN_LITERAL("x");
	assert_true(span_equals(message_lines(&message), SPAN_LITERAL("x")));
	/* a producer's check, or a frame without lines */
	message.body = SPAN_LITERAL("");
	message.reason = SPAN_NULL;
	assert_int_equal(lines_count(message_lines(&message)), 0);
}

static void
test_known_ids(void **state)
{
	struct dlq_known_ids *known = dlq_known_ids_new();

	(void)state;
	dlq_known_ids_add(known, STAGE_CLEAN, 7);
	dlq_known_ids_add(known, STAGE_CLEAN, 3);
	dlq_known_ids_add(known, STAGE_CLEAN, 7);
	assert_true(dlq_known_ids_remove(known, STAGE_CLEAN, 7));
	assert_true(dlq_known_ids_remove(known, STAGE_CLEAN, 7));
	assert_false(dlq_known_ids_remove(known, STAGE_CLEAN, 7));
	assert_false(dlq_known_ids_remove(known, STAGE_LAKE, 3));
	assert_false(dlq_known_ids_remove(known, STAGE_CLEAN, 4));
	dlq_known_ids_free(&known);
}

static void
test_input_formats(void **state)
{
	char path[] = "/var/log/x/*.log", format[] = "combined";
	struct input_settings input = {.path = path, .format = format};
	struct settings settings = {.inputs = &input, .input_count = 1};

	(void)state;
	assert_string_equal(dlq_format_of_input(&settings, SPAN_LITERAL("/var/log/x/a.log")),
			    "combined");
	assert_string_equal(dlq_format_of_input(&settings, SPAN_LITERAL("/var/log/x/a.log.1")),
			    "combined");
	assert_null(dlq_format_of_input(&settings, SPAN_LITERAL("/var/log/y/a.log")));
	assert_null(dlq_format_of_input(&settings, SPAN_NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),	    cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_csv),	    cmocka_unit_test(test_times),
		cmocka_unit_test(test_base64),	    cmocka_unit_test(test_entries),
		cmocka_unit_test(test_again),	    cmocka_unit_test(test_selection),
		cmocka_unit_test(test_known_ids),   cmocka_unit_test(test_input_formats),
		cmocka_unit_test(test_empty_lines), cmocka_unit_test(test_group_details),
	};

	return cmocka_run_group_tests_name("dlq", tests, NULL, NULL);
}
