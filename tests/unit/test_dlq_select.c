/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_select.c - which letters a verb means.
 */
#include "supervisor/dlq/dlq_group.h"
#include "supervisor/dlq/dlq_id.h"
#include "supervisor/dlq/dlq_select.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct delivery delivery;
static struct dlq_letter letter;

static int
make_letter(void **state)
{
	(void)state;
	delivery = (struct delivery){.message = MESSAGE_INIT};
	delivery.message.source = SPAN_LITERAL("/var/log/ezproxy/access.log");
	letter = (struct dlq_letter){
		.queue = STAGE_CLEAN, .id = UINT64_C(0x123456789abcdef), .when_s = 1000};
	letter.delivery = &delivery;
	letter.reason = SPAN_LITERAL("parse.no_match");
	letter.detail = SPAN_LITERAL("byte 7");
	letter.line = SPAN_LITERAL("1.2.3.4 - \"BREW / HTTP/1.1\"");
	return 0;
}

static int
add(struct dlq_select *select, const char *text)
{
	char error[256] = "";
	int result = dlq_select_add(select, text, error, sizeof(error));

	assert_int_equal(result, error[0] == '\0' ? 0 : -1);
	return result;
}

static void
test_ids(void **state)
{
	struct dlq_select select = {.by_id = false};
	struct dlq_letter other = letter;
	char text[DLQ_ID_SIZE];

	(void)state;
	assert_true(dlq_select_wants_queue(&select, STAGE_LAKE)); /* nothing said: all */
	for (uint64_t id = 100; id > 0; id--)			  /* not in order */
		assert_int_equal(add(&select, dlq_id_text(STAGE_CLEAN, id * 7919, text)), 0);
	assert_int_equal(add(&select, "c123456789abcdef"), 0);
	dlq_select_sort(&select);
	assert_int_equal(dlq_select_id_count(&select), 101);
	assert_true(dlq_select_wants_queue(&select, STAGE_CLEAN));
	assert_false(dlq_select_wants_queue(&select, STAGE_LAKE));
	assert_true(dlq_select_matches(&select, &letter));
	for (uint64_t id = 1; id <= 100; id++) {
		other.id = id * 7919;
		assert_true(dlq_select_matches(&select, &other));
		other.id++;
		assert_false(dlq_select_matches(&select, &other));
	}
	other = letter;
	other.queue = STAGE_LAKE;
	assert_false(dlq_select_matches(&select, &other));
	/* named by id, a held one is meant, too */
	letter.held = true;
	assert_true(dlq_select_matches(&select, &letter));
	assert_false(dlq_select_leaves_held(&select, &letter));
	assert_int_equal(add(&select, "nonsense"), -1);
	assert_int_equal(add(&select, ""), -1);
	dlq_select_free(&select);
	assert_false(dlq_select_has_filters(&select));
}

static void
test_beginnings(void **state)
{
	struct dlq_select select = {.by_id = false};
	struct dlq_letter other = letter;
	char error[256];

	(void)state;
	assert_int_equal(add(&select, "c1234"), 0);
	dlq_select_sort(&select);
	assert_true(dlq_select_matches(&select, &letter));
	assert_int_equal(dlq_select_resolve(&select, error, sizeof(error)), -1);
	assert_string_equal(error, "c1234 is the beginning of no id");
	/* equal letters share an id: that is one id */
	dlq_select_note_prefix(&select, &letter);
	dlq_select_note_prefix(&select, &letter);
	other.queue = STAGE_LAKE;
	dlq_select_note_prefix(&select, &other);
	assert_int_equal(dlq_select_resolve(&select, error, sizeof(error)), 0);
	other = letter;
	other.id++; /* begins alike, and came later */
	assert_true(dlq_select_matches(&select, &letter));
	assert_false(dlq_select_matches(&select, &other));
	dlq_select_free(&select);

	assert_int_equal(add(&select, "c1234"), 0);
	dlq_select_note_prefix(&select, &letter);
	dlq_select_note_prefix(&select, &other);
	assert_int_equal(dlq_select_resolve(&select, error, sizeof(error)), -1);
	assert_non_null(strstr(error, "several"));
	dlq_select_free(&select);

	for (int i = 0; i < DLQ_PREFIXES_MAX; i++)
		assert_int_equal(add(&select, "c1234"), 0);
	assert_int_equal(add(&select, "c1234"), -1);
	assert_int_equal(add(&select, "c123456789abcdef"), 0);
	dlq_select_free(&select);
}

static int
read_ids(struct dlq_select *select, const char *text)
{
	FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	char error[256];
	int result = dlq_select_read(select, file, error, sizeof(error));

	fclose(file);
	dlq_select_sort(select);
	return result;
}

static void
test_read(void **state)
{
	struct dlq_select select = {.by_id = false};

	(void)state;
	assert_int_equal(read_ids(&select,
				  "  c123456789abcdef  2026-01-01 and more\n\n"
				  "{\"id\": \"l00000000000000f\", \"queue\": \"lake\"}\r\n"),
			 0);
	assert_int_equal(dlq_select_id_count(&select), 2);
	assert_true(dlq_select_matches(&select, &letter));
	letter.queue = STAGE_LAKE;
	letter.id = 15;
	assert_true(dlq_select_matches(&select, &letter));
	dlq_select_free(&select);
	/* an empty list means no letter, not all */
	assert_int_equal(read_ids(&select, "\n"), 0);
	assert_false(dlq_select_matches(&select, &letter));
	assert_false(dlq_select_wants_queue(&select, STAGE_LAKE));
	dlq_select_free(&select);
	assert_int_equal(read_ids(&select, "{\"no\": \"id\"}\n"), -1);
	assert_int_equal(read_ids(&select, "{torn\n"), -1);
	assert_int_equal(read_ids(&select, "c12\n"), -1);
	dlq_select_free(&select);
}

static void
test_group(void **state)
{
	struct dlq_select select = {.by_id = false};
	char group[DLQ_GROUP_SIZE];

	(void)state;
	assert_int_equal(add(&select, dlq_group_text(dlq_group_of(&letter), group)), 0);
	assert_int_equal(add(&select, group), 0); /* the same one twice is no other */
	assert_true(dlq_select_has_filters(&select));
	assert_true(dlq_select_matches(&select, &letter));
	letter.held = true;
	assert_false(dlq_select_matches(&select, &letter));
	assert_true(dlq_select_leaves_held(&select, &letter));
	select.with_held = true;
	assert_true(dlq_select_matches(&select, &letter));
	assert_false(dlq_select_leaves_held(&select, &letter));
	select.with_held = false;
	letter.detail = SPAN_LITERAL("another kind");
	assert_false(dlq_select_leaves_held(&select, &letter));
	letter.held = false;
	assert_false(dlq_select_matches(&select, &letter));
	/* of two groups one would be left out silently */
	assert_int_equal(add(&select, dlq_group_text(dlq_group_of(&letter), group)), -1);
	dlq_select_free(&select);
}

static void
test_filters(void **state)
{
	static const struct {
		struct dlq_select select;
		bool matches;
	} cases[] = {
		{{.reason = "parse.no_match"}, true},
		{{.reason = "parse.no_matc"}, false},
		{{.since_s = 1000}, true},
		{{.since_s = 1001}, false},
		{{.until_s = 1000}, true},
		{{.until_s = 999}, false},
		{{.source = "access.log"}, true},
		{{.source = "ezproxy/access.log"}, true},
		{{.source = "/var/log/ezproxy/access.log"}, true},
		{{.source = "ss.log"}, false},
		{{.source = "/access.log.1"}, false},
		{{.only_held = true}, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(dlq_select_has_filters(&cases[i].select));
		assert_int_equal(dlq_select_matches(&cases[i].select, &letter), cases[i].matches);
	}
	letter.held = true;
	assert_true(dlq_select_matches(&cases[ARRAY_LEN(cases) - 1].select, &letter));
	letter.held = false;
	delivery.message.source = SPAN_NULL;
	assert_false(dlq_select_matches(&cases[6].select, &letter));
}

static void
test_regex(void **state)
{
	struct dlq_select select = {.by_id = false};
	char error[256], line[] = "a\0b BREW";

	(void)state;
	assert_int_equal(dlq_select_set_regex(&select, "[", error, sizeof(error)), -1);
	assert_non_null(strstr(error, "\"[\" is no regular expression: "));
	assert_false(dlq_select_has_filters(&select));
	assert_int_equal(dlq_select_set_regex(&select, "nothing", error, sizeof(error)), 0);
	assert_false(dlq_select_matches(&select, &letter));
	assert_int_equal(dlq_select_set_regex(&select, "\"(BREW|WHEN) ", error, sizeof(error)), 0);
	assert_true(dlq_select_matches(&select, &letter));
	/* the line ends where its span does */
	letter.line.len = 14;
	assert_false(dlq_select_matches(&select, &letter));
	/* and not at a NUL */
	assert_int_equal(dlq_select_set_regex(&select, "BREW$", error, sizeof(error)), 0);
	letter.line = (struct span){line, sizeof(line) - 1};
	assert_true(dlq_select_matches(&select, &letter));
	dlq_select_free(&select);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_ids, make_letter),
		cmocka_unit_test_setup(test_beginnings, make_letter),
		cmocka_unit_test_setup(test_read, make_letter),
		cmocka_unit_test_setup(test_group, make_letter),
		cmocka_unit_test_setup(test_filters, make_letter),
		cmocka_unit_test_setup(test_regex, make_letter),
	};

	return cmocka_run_group_tests_name("dlq_select", tests, NULL, NULL);
}
