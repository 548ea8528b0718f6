/* SPDX-License-Identifier: MIT */
/*
 * test_audit_report.c - what an audit found, as text and as JSON.
 */
#include "supervisor/audit/audit_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char file_a[] = "a.log", file_b[] = "b\x1b.log";
static char *files[] = {file_a, file_b};
static struct audit_missing missing[] = {
	{.file = 0, .offset = 17, .queues = 1u << STAGE_LAKE | 1u << STAGE_CLEAN},
	{.file = 1, .offset = 0, .queues = 1u << STAGE_CLEAN},
};

static struct audit_result
make_result(void)
{
	struct audit_result result = {.lines = 10, .distinct = 8, .unfinished = 1, .too_long = 2};

	result.queue[STAGE_LAKE].stored = 7;
	result.queue[STAGE_LAKE].missing = 1;
	result.queue[STAGE_CLEAN].stored = 3;
	result.queue[STAGE_CLEAN].dead = 2;
	result.queue[STAGE_CLEAN].archived = 1;
	result.queue[STAGE_CLEAN].both = 1;
	result.queue[STAGE_CLEAN].missing = 2;
	result.queue[STAGE_CLEAN].letter_lines[AUDIT_DEAD] = 5;
	result.missing = missing;
	result.missing_count = ARRAY_LEN(missing);
	return result;
}

static char *
text_of(const struct audit_result *result)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	audit_report_text(&(struct audit_report){.result = result, .files = files}, out);
	fclose(out);
	return text;
}

static void
test_text(void **state)
{
	struct audit_result result = make_result();
	char *text = text_of(&result);

	(void)state;
	assert_int_equal(audit_report_missing(&result), 3);
	assert_string_equal(
		text,
		"10 lines, 8 distinct, 2 of them too long for a row; 1 unfinished at the end of a "
		"file: not yet a line\n\n"
		"TABLE              ROWS DEAD LETTERS     ARCHIVED      MISSING\n"
		"raw_log               7            0            0            1\n"
		"clean_log             3            2            1            2\n"
		"1 of the rows of clean_log are also in queue-data-clean.dead\n\n"
		"missing: a.log:17 in raw_log clean_log\n"
		"missing: b\\x1B.log:0 in clean_log\n"
		"missing now; lines that are on their way count too: look again when the queues "
		"are empty\n");
	free(text);
}

static void
test_nothing_missing(void **state)
{
	struct audit_result result = {.lines = 1, .distinct = 1};
	char *text = text_of(&result);

	(void)state;
	assert_int_equal(strncmp(text, "1 line, 1 distinct\n\n", 20), 0);
	assert_non_null(strstr(text, "\n\nnothing is missing\n"));
	free(text);
}

static void
test_json(void **state)
{
	struct audit_result result = make_result();
	json_t *json = audit_report_json(&(struct audit_report){.result = &result, .files = files});
	json_t *clean = json_object_get(json_object_get(json, "queues"), "queue-data-clean");
	json_t *lines = json_object_get(json, "missing_lines");
	json_t *wanted = json_loads("{\"file\": \"a.log\", \"offset\": 17, \"queues\": "
				    "[\"queue-data-lake\", \"queue-data-clean\"]}",
				    0, NULL);

	(void)state;
	assert_true(json_is_false(json_object_get(json, "ok")));
	assert_int_equal(json_integer_value(json_object_get(json, "missing")), 3);
	assert_int_equal(json_integer_value(json_object_get(clean, "dead_lines_in_queue")), 5);
	assert_int_equal(json_integer_value(json_object_get(clean, "stored")), 3);
	assert_int_equal(json_array_size(lines), 2);
	assert_true(json_equal(json_array_get(lines, 0), wanted));
	json_decref(wanted);
	json_decref(json);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_nothing_missing),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests_name("audit_report", tests, NULL, NULL);
}
