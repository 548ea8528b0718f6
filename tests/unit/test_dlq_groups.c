/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_groups.c - what died of what, and what would pass now.
 */
#include "tests/fakes/fake_broker.h"
#include "tests/fakes/fake_dlq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
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

static void
test_groups(void **state)
{
	(void)state;
	assert_int_equal(dlq_groups(&fake_dlq.run), CTL_OK);
	assert_harmless();
	assert_prints("  clean         2  1970-01-01T23:59:59Z to 1970-01-02T00:00:00Z  "
		      "parse.no_match\n          like: format common, byte 7: expected a time\n");
	assert_prints("  lake          1  - to -  unknown  (2 lines)\n");
	assert_prints("3 letters, 2 groups\n");
}

static void
test_one_group(void **state)
{
	(void)state;
	fake_dlq.run.select.reason = "unknown";
	assert_int_equal(dlq_groups(&fake_dlq.run), CTL_OK);
	assert_prints("1 letter, 1 group\n");
}

static void
test_json(void **state)
{
	(void)state;
	fake_dlq.call.output.json = true;
	assert_int_equal(dlq_groups(&fake_dlq.run), CTL_OK);
	assert_harmless();
	assert_prints("\"pattern\":\"format common, byte N: expected a time\"");
	assert_prints("\"letters\":2,\"lines\":2,\"held\":0,\"oldest\":\"1970-01-01T23:59:59Z\"");
	assert_null(strstr(fake_dlq_printed(), "would_pass"));
	assert_null(strstr(fake_dlq_printed(), " groups"));
}

static void
test_nothing(void **state)
{
	(void)state;
	fake_dlq.run.select.reason = "db.null";
	assert_int_equal(dlq_groups(&fake_dlq.run), CTL_OK);
	assert_string_equal(fake_dlq_printed(), "");
}

/* Lines of the lake pass whatever they are; those of clean are in no format. */
static void
test_check(void **state)
{
	(void)state;
	fake_dlq.settings.producer.max_line_bytes = 1000;
	fake_dlq.run.format = "common";
	assert_int_equal(dlq_check(&fake_dlq.run), CTL_OK);
	assert_harmless();
	assert_prints("  lake          1         1 would pass");
	assert_prints("  clean         2         0 would pass");
	assert_prints("          still: parse.no_match: format common, byte ");
	assert_prints("1 of 3 letters would pass\n");
}

static void
test_check_json(void **state)
{
	(void)state;
	fake_dlq.settings.producer.max_line_bytes = 1000;
	fake_dlq.call.output.json = true;
	assert_int_equal(dlq_check(&fake_dlq.run), CTL_OK);
	assert_harmless();
	assert_prints("\"would_pass\":1,\"still\":null");
	assert_prints("\"would_pass\":0,\"still\":\"parse.");
}

/* Of a line of which only the start is here nothing can be said. */
static void
test_check_cut(void **state)
{
	struct message cut = MESSAGE_INIT;

	(void)state;
	fake_dlq.settings.producer.max_line_bytes = 1000;
	cut.body = SPAN_LITERAL("the sta");
	cut.reason = SPAN_LITERAL("line.too_long");
	fake_broker_put("queue-data-lake.dead", &cut);
	assert_int_equal(dlq_check(&fake_dlq.run), CTL_OK);
	assert_prints("          still: line.too_long: only the first 7 bytes");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_groups, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_group, setup, teardown),
		cmocka_unit_test_setup_teardown(test_json, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_check, setup, teardown),
		cmocka_unit_test_setup_teardown(test_check_json, setup, teardown),
		cmocka_unit_test_setup_teardown(test_check_cut, setup, teardown),
	};

	return cmocka_run_group_tests_name("dlq_groups", tests, NULL, NULL);
}
