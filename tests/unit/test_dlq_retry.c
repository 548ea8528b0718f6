/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_retry.c - letters sent to the queue that they died in: with which headers, in which
 * pieces, and none lost whichever call fails.
 */
#include "supervisor/dlq/dlq_id.h"
#include "supervisor/dlq/dlq_letter.h"
#include "tests/fakes/fake_broker.h"
#include "tests/fakes/fake_dlq.h"
#include "tests/fakes/fake_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <cmocka.h>

#define ORIGIN "queue-data-clean"
#define DEAD "queue-data-clean.dead"

enum { LETTERS = 3 };

static const char *const bodies[LETTERS] = {"one", "two", "three"};

static int
setup(void **state)
{
	(void)state;
	fake_dlq_start();
	for (size_t i = 0; i < LETTERS; i++)
		fake_dlq_put(bodies[i]);
	fake_dlq.run.select.all = true;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fake_dlq_stop();
	return 0;
}

static void
test_all(void **state)
{
	struct delivery *delivery;
	struct span reason;

	(void)state;
	assert_int_equal(dlq_retry(&fake_dlq.run), CTL_OK);
	assert_string_equal(fake_dlq_printed(), "3 of 3 letters sent again\n");
	assert_int_equal(fake_broker_ready(DEAD), 0);
	assert_int_equal(fake_broker_ready(ORIGIN), LETTERS);
	assert_int_equal(fake_broker_ready("queue-data-lake"), 0); /* no second copy there */
	delivery = fake_broker_look(ORIGIN, 0);
	assert_true(span_equals(delivery->message.body, SPAN_LITERAL("one")));
	assert_true(span_equals(delivery->message.message_id, SPAN_LITERAL("f:one")));
	assert_int_equal(delivery->message.retries, 1);
	assert_false(delivery_header_text(delivery, "x-sluice-reason", &reason));
	delivery_free(&delivery);
}

static void
test_choice_in_words(void **state)
{
	char error[256];

	(void)state;
	fake_dlq_begin_run();
	assert_int_equal(dlq_retry(&fake_dlq.run), EX_USAGE);
	fake_dlq.run.select.all = true;
	assert_int_equal(dlq_select_add(&fake_dlq.run.select, "c1234", error, sizeof(error)), 0);
	assert_int_equal(dlq_retry(&fake_dlq.run), EX_USAGE);
	assert_int_equal(fake_broker_ready(DEAD), LETTERS);
}

static void
test_no_such_letter(void **state)
{
	char error[256];

	(void)state;
	fake_dlq_begin_run();
	assert_int_equal(
		dlq_select_add(&fake_dlq.run.select, "c000000000000000", error, sizeof(error)), 0);
	assert_int_equal(dlq_retry(&fake_dlq.run), EX_DATAERR);
	assert_int_equal(fake_broker_ready(DEAD), LETTERS);
}

/* Its lines, each as a message of its own; with their ends, or an empty one would be none. */
static void
test_split(void **state)
{
	struct message frame = MESSAGE_INIT;
	struct delivery *delivery;

	(void)state;
	frame.body = SPAN_LITERAL("a\r\n\nlast");
	frame.offset = 100;
	fake_broker_put(DEAD, &frame);
	fake_dlq.run.split = true;
	assert_int_equal(dlq_retry(&fake_dlq.run), CTL_OK);
	assert_int_equal(fake_broker_ready(DEAD), 0);
	assert_int_equal(fake_broker_ready(ORIGIN), LETTERS + 3);
	assert_int_equal(fake_dlq_count(ORIGIN, "a\r\n"), 1);
	assert_int_equal(fake_dlq_count(ORIGIN, "\n"), 1);
	delivery = fake_broker_look(ORIGIN, LETTERS + 2);
	assert_true(span_equals(delivery->message.body, SPAN_LITERAL("last")));
	assert_int_equal(delivery->message.offset, 104);
	assert_int_equal(delivery->message.lines, 1);
	delivery_free(&delivery);
}

/* Held, or not the whole line: they stay. */
static void
test_what_stays(void **state)
{
	struct message cut = MESSAGE_INIT;

	(void)state;
	cut.body = SPAN_LITERAL("the sta");
	cut.reason = SPAN_LITERAL("line.too_long");
	fake_broker_put(DEAD, &cut);
	assert_int_equal(dlq_hold(&fake_dlq.run), CTL_OK);
	assert_int_equal(fake_broker_ready(DEAD), LETTERS + 1);
	fake_dlq_begin_run();
	fake_dlq.run.select.all = true;
	assert_int_equal(dlq_retry(&fake_dlq.run), CTL_OK);
	assert_int_equal(fake_dlq.run.left_held, LETTERS + 1);
	assert_int_equal(fake_broker_ready(ORIGIN), 0);
	fake_dlq_begin_run();
	fake_dlq.run.select.all = fake_dlq.run.select.with_held = true;
	assert_int_equal(dlq_retry(&fake_dlq.run), CTL_PARTLY);
	assert_int_equal(fake_dlq.run.failed, 1);
	assert_int_equal(fake_broker_ready(ORIGIN), LETTERS);
	assert_int_equal(fake_dlq_count(DEAD, "the sta"), 1);
}

static void
test_rate(void **state)
{
	int64_t begin_ms = fake_time_passed_ms();

	(void)state;
	fake_dlq.run.rate = 1;
	assert_int_equal(dlq_retry(&fake_dlq.run), CTL_OK);
	assert_true(fake_time_passed_ms() - begin_ms >= 1000 * (LETTERS - 1));
}

static void
test_limit_and_dry_run(void **state)
{
	(void)state;
	fake_dlq.run.limit = 1;
	assert_int_equal(dlq_retry(&fake_dlq.run), CTL_OK);
	assert_int_equal(fake_dlq_count(ORIGIN, "one"), 1);
	assert_int_equal(fake_broker_ready(DEAD), 2);
	fake_dlq_begin_run();
	fake_dlq.run.select.all = fake_dlq.run.dry_run = true;
	assert_int_equal(dlq_retry(&fake_dlq.run), CTL_OK);
	assert_non_null(strstr(fake_dlq_printed(), "2 letters would be sent again\n"));
	assert_int_equal(fake_broker_ready(DEAD), 2);
}

static int
edit(void)
{
	char error[256], id[DLQ_ID_SIZE];

	fake_dlq_begin_run();
	dlq_id_text(STAGE_CLEAN,
		    dlq_id_of(fake_dlq.run.md5, STAGE_CLEAN, SPAN_LITERAL("f:two"),
			      SPAN_LITERAL("two")),
		    id);
	assert_int_equal(dlq_select_add(&fake_dlq.run.select, id, error, sizeof(error)), 0);
	dlq_select_sort(&fake_dlq.run.select);
	fake_dlq.run.set_line = "another";
	return dlq_edit(&fake_dlq.run);
}

static int
retry(void)
{
	fake_dlq_begin_run();
	fake_dlq.run.select.all = true;
	return dlq_retry(&fake_dlq.run);
}

static int
hold(void)
{
	fake_dlq_begin_run();
	fake_dlq.run.select.all = true;
	return dlq_hold(&fake_dlq.run);
}

/* Whichever call of a verb fails, each letter is in one of its places. */
static void
assert_none_lost(bool is_edit)
{
	for (size_t i = 0; i < LETTERS; i++) {
		size_t count = fake_dlq_count(DEAD, bodies[i]) + fake_dlq_count(ORIGIN, bodies[i]);

		if (is_edit && strcmp(bodies[i], "two") == 0) {
			size_t edited = fake_dlq_count(ORIGIN, "another");

			count += edited;
			/* as it was, it is in the archive before */
			assert_true(edited == 0 ||
				    fake_dlq_count_archived("clean-edited.ndjson", "two") > 0);
		}
		assert_true(count >= 1);
	}
}

static void
test_each_call_fails(void **state)
{
	static int (*const verbs[])(void) = {retry, hold, edit};

	(void)state;
	for (size_t v = 0; v < ARRAY_LEN(verbs); v++) {
		bool failed = true;
		unsigned n;

		for (n = 1; failed; n++) {
			for (int has_effect = 0; has_effect < 2; has_effect++) {
				int code;

				setup(NULL);
				fake_fail(&(struct fake_fault){.nth = n,
							       .outcome = OUTCOME_RETRY,
							       .has_effect = has_effect != 0});
				code = verbs[v]();
				failed = fake_calls(NULL) >= n;
				assert_true(failed || code == CTL_OK);
				assert_none_lost(verbs[v] == edit);
				teardown(NULL);
			}
		}
		assert_true(n > 8);
	}
}

static void
test_edit(void **state)
{
	struct delivery *delivery;

	(void)state;
	assert_int_equal(edit(), CTL_OK);
	assert_int_equal(fake_broker_ready(DEAD), LETTERS - 1);
	assert_int_equal(fake_broker_ready(ORIGIN), 1);
	assert_int_equal(fake_dlq_count_archived("clean-edited.ndjson", "two"), 1);
	delivery = fake_broker_look(ORIGIN, 0);
	assert_true(span_equals(delivery->message.body, SPAN_LITERAL("another")));
	assert_true(span_equals(delivery->message.original, SPAN_LITERAL("two")));
	assert_int_equal(delivery->message.retries, 1);
	delivery_free(&delivery);
}

static void
test_hold_and_release(void **state)
{
	struct delivery *delivery;
	struct span by;

	(void)state;
	assert_int_equal(hold(), CTL_OK);
	assert_int_equal(fake_broker_ready(DEAD), LETTERS);
	delivery = fake_broker_look(DEAD, 0);
	assert_true(delivery_header_text(delivery, DLQ_HELD_HEADER, &by));
	assert_true(span_equals(delivery->message.reason, SPAN_LITERAL("parse.no_match")));
	delivery_free(&delivery);
	assert_int_equal(hold(), CTL_OK); /* they are so already */
	assert_int_equal(fake_dlq.run.unchanged, LETTERS);
	assert_int_equal(fake_dlq.run.moved, 0);
	fake_dlq_begin_run();
	fake_dlq.run.select.all = true;
	assert_int_equal(dlq_release(&fake_dlq.run), CTL_OK);
	for (size_t i = 0; i < LETTERS; i++) {
		delivery = fake_broker_look(DEAD, i);
		assert_false(delivery_header_text(delivery, DLQ_HELD_HEADER, &by));
		delivery_free(&delivery);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all, setup, teardown),
		cmocka_unit_test_setup_teardown(test_choice_in_words, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_such_letter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_split, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rate, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limit_and_dry_run, setup, teardown),
		cmocka_unit_test_setup_teardown(test_edit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hold_and_release, setup, teardown),
		cmocka_unit_test(test_each_call_fails),
	};

	return cmocka_run_group_tests_name("dlq_retry", tests, NULL, NULL);
}
