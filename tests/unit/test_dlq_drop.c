/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_drop.c - a dropped letter is safe in the archive before it leaves its queue.
 */
#include "tests/fakes/fake_broker.h"
#include "tests/fakes/fake_dlq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <cmocka.h>

#define DEAD "queue-data-clean.dead"
#define ARCHIVE "clean-dropped.ndjson"

enum { LETTERS = 3 };

static const char *const bodies[LETTERS] = {"one", "two", "three"};

static int
setup(void **state)
{
	(void)state;
	fake_dlq_start();
	for (size_t i = 0; i < LETTERS; i++)
		fake_dlq_put(bodies[i]);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fake_dlq_stop();
	return 0;
}

static int
drop_all(void)
{
	fake_dlq.run.select.all = true;
	fake_dlq.run.confirm = DEAD;
	return dlq_drop(&fake_dlq.run);
}

static void
assert_is_archived(void *context, const char *queue, const struct message *message)
{
	char body[32];

	(void)context;
	assert_string_equal(queue, DEAD);
	snprintf(body, sizeof(body), "%.*s", (int)message->body.len, message->body.ptr);
	assert_int_equal(fake_dlq_count_archived(ARCHIVE, body), 1);
}

static void
test_all(void **state)
{
	(void)state;
	fake_broker_on_ack(assert_is_archived, NULL);
	assert_int_equal(drop_all(), CTL_OK);
	assert_int_equal(fake_broker_ready(DEAD), 0);
	for (size_t i = 0; i < LETTERS; i++)
		assert_int_equal(fake_dlq_count_archived(ARCHIVE, bodies[i]), 1);
	assert_non_null(strstr(fake_dlq_printed(), "3 of 3 letters moved to the archive\n"));
	assert_non_null(strstr(fake_dlq_printed(), "/dead-letters/" ARCHIVE "\n"));
}

static void
test_json(void **state)
{
	(void)state;
	fake_dlq.call.output.json = true;
	assert_int_equal(drop_all(), CTL_OK);
	assert_string_equal(fake_dlq_printed(), "{\"selected\":3,\"moved\":3,\"failed\":0,"
						"\"unsure\":0,\"dry_run\":false}\n");
}

static void
test_dry_run(void **state)
{
	(void)state;
	fake_dlq.run.dry_run = true;
	assert_int_equal(drop_all(), CTL_OK);
	assert_int_equal(fake_broker_ready(DEAD), LETTERS);
	assert_string_equal(fake_dlq_printed(), "3 letters would be moved to the archive\n");
}

static void
test_limit(void **state)
{
	(void)state;
	fake_dlq.run.limit = 2;
	assert_int_equal(drop_all(), CTL_OK);
	assert_int_equal(fake_broker_ready(DEAD), 1);
	assert_int_equal(fake_dlq_count(DEAD, "three"), 1);
}

/* --all wants the queue's name in full. */
static void
test_confirm(void **state)
{
	static const char *const wrong[] = {NULL, "clean", "queue-data-clean", "x"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		fake_dlq.run.select.all = true;
		fake_dlq.run.confirm = wrong[i];
		assert_int_equal(dlq_drop(&fake_dlq.run), EX_USAGE);
	}
	fake_dlq.run.select.queue[STAGE_LAKE] = true;
	fake_dlq.run.confirm = DEAD;
	assert_int_equal(dlq_drop(&fake_dlq.run), EX_USAGE);
	fake_dlq_begin_run();
	assert_int_equal(dlq_drop(&fake_dlq.run), EX_USAGE);
	assert_int_equal(fake_broker_ready(DEAD), LETTERS);
}

static void
test_no_archive(void **state)
{
	char nowhere[] = "/proc/self/no";

	(void)state;
	fake_dlq.settings.supervisor.state_dir = nowhere;
	assert_int_equal(drop_all(), EX_CANTCREAT);
	assert_int_equal(fake_broker_ready(DEAD), LETTERS);
}

/* Whichever call fails, each letter is in the queue or in the archive. */
static void
test_each_call_fails(void **state)
{
	bool failed = true;
	unsigned n;

	(void)state;
	for (n = 1; failed; n++) {
		int code;

		setup(NULL);
		fake_fail(&(struct fake_fault){.nth = n, .outcome = OUTCOME_RETRY});
		code = drop_all();
		failed = fake_calls(NULL) >= n;
		/* what fails behind the last acknowledgement is a warning */
		if (!failed || fake_dlq.run.moved < LETTERS)
			assert_int_equal(code == CTL_OK, !failed);
		for (size_t i = 0; i < LETTERS; i++)
			assert_true(fake_dlq_count(DEAD, bodies[i]) +
					    fake_dlq_count_archived(ARCHIVE, bodies[i]) >=
				    1);
		assert_true(fake_broker_ready(DEAD) <= LETTERS - fake_dlq.run.moved);
		teardown(NULL);
	}
	assert_true(n > 2 * LETTERS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all, setup, teardown),
		cmocka_unit_test_setup_teardown(test_json, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dry_run, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_confirm, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_archive, setup, teardown),
		cmocka_unit_test(test_each_call_fails),
	};

	return cmocka_run_group_tests_name("dlq_drop", tests, NULL, NULL);
}
