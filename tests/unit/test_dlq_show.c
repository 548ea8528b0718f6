/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_show.c - everything about a letter.
 */
#include "supervisor/dlq/dlq_id.h"
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

/* Two letters of one group, the second as long and as bad as they come; one of another stage. */
static int
setup(void **state)
{
	struct message message = MESSAGE_INIT;

	(void)state;
	fake_dlq_start();
	message.message_id = SPAN_LITERAL("f:17");
	message.reason = SPAN_LITERAL("parse.no_match");
	message.detail = SPAN_LITERAL("format common, byte 7: expected a time");
	message.source = SPAN_LITERAL("/var/log/x/access.log");
	message.offset = 17;
	message.last_failed_s = 86399;
	message.body = SPAN_LITERAL("the line");
	fake_broker_put(DEAD, &message);
	message.message_id = SPAN_LITERAL("f:26");
	message.detail = SPAN_LITERAL("format common, byte 8: expected a time");
	message.offset = 26;
	message.last_failed_s = 86400;
	message.retries = 2;
	message.body = SPAN_LITERAL("=\x1b[31m\xff\xe2\x80\xae");
	fake_broker_put(DEAD, &message);
	fake_broker_put_text("queue-data-lake.dead", "one\ntwo\n");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fake_dlq_stop();
	return 0;
}

/* Nothing that a terminal obeys, and all letters still in their queues. */
static void
assert_harmless(void)
{
	for (const char *p = fake_dlq_printed(); *p != '\0'; p++)
		assert_true((unsigned char)*p >= 0x20 || *p == '\n');
	assert_null(strstr(fake_dlq_printed(), "\xe2\x80\xae"));
	assert_int_equal(fake_broker_ready(DEAD), 2);
	assert_int_equal(fake_broker_ready("queue-data-lake.dead"), 1);
}

static void
assert_prints(const char *text)
{
	if (strstr(fake_dlq_printed(), text) == NULL)
		fail_msg("no \"%s\" in:\n%s", text, fake_dlq_printed());
}

/* Choose one of the letters by its id, or the beginning of it. */
static void
choose(const char *message_id, const char *body, size_t digits)
{
	char id[DLQ_ID_SIZE], error[256];

	dlq_id_text(STAGE_CLEAN,
		    dlq_id_of(fake_dlq.run.md5, STAGE_CLEAN, span_of(message_id), span_of(body)),
		    id);
	id[1 + digits] = '\0';
	assert_int_equal(dlq_select_add(&fake_dlq.run.select, id, error, sizeof(error)), 0);
	dlq_select_sort(&fake_dlq.run.select);
}

static void
test_text(void **state)
{
	(void)state;
	choose("f:26", "=\x1b[31m\xff\xe2\x80\xae", DLQ_ID_DIGITS);
	assert_int_equal(dlq_show(&fake_dlq.run), CTL_OK);
	assert_harmless();
	assert_prints("  in queue-data-clean.dead\nwhen     1970-01-02T00:00:00Z\n"
		      "reason   parse.no_match\ndetail   format common, byte 8: expected a time\n"
		      "size     10 bytes, 1 line; retried 2 times\n");
	assert_prints("  message_id               f:26\n");
	assert_prints("  x-sluice-last-failed     1970-01-02T00:00:00Z\n");
	assert_prints("line:\n  =\\x1B[31m\\xFF\\u{202E}\n");
	assert_prints("format common stopped at byte ");
	assert_int_equal(fake_dlq.run.selected, 1);
}

/* The caret stands below the place, however wide what is before it is shown. */
static void
test_caret(void **state)
{
	struct message message = MESSAGE_INIT;

	(void)state;
	message.message_id = SPAN_LITERAL("f:1");
	message.body = SPAN_LITERAL("h - \x01 [zz");
	fake_broker_put(DEAD, &message);
	choose("f:1", "h - \x01 [zz", DLQ_ID_DIGITS);
	assert_int_equal(dlq_show(&fake_dlq.run), CTL_OK);
	assert_prints("format common stopped at byte 7: expected the time");
	assert_prints("\n  h - \\x01 [zz\n           ^\n");
}

static void
test_json(void **state)
{
	(void)state;
	fake_dlq.call.output.json = true;
	choose("f:17", "the line", 5);
	assert_int_equal(dlq_show(&fake_dlq.run), CTL_OK);
	assert_prints("\"queue\":\"queue-data-clean.dead\"");
	assert_prints("\"body\":\"the line\"}\n");
}

static void
test_refused(void **state)
{
	(void)state;
	assert_int_equal(dlq_show(&fake_dlq.run), EX_USAGE);
	choose("f:99", "no such letter", DLQ_ID_DIGITS);
	assert_int_equal(dlq_show(&fake_dlq.run), EX_DATAERR);
	fake_dlq_begin_run();
	choose("f:99", "no such letter", 6);
	assert_int_equal(dlq_show(&fake_dlq.run), EX_DATAERR);
	assert_string_equal(fake_dlq_printed(), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_caret, setup, teardown),
		cmocka_unit_test_setup_teardown(test_json, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
	};

	return cmocka_run_group_tests_name("dlq_show", tests, NULL, NULL);
}
