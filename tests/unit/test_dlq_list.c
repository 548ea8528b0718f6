/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_list.c - letter by letter, as text, as JSON, as ids.
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
test_text(void **state)
{
	(void)state;
	assert_int_equal(dlq_list(&fake_dlq.run), CTL_OK);
	assert_harmless();
	assert_prints("  1970-01-01T23:59:59Z  parse.no_match  /var/log/x/access.log:17\n"
		      "    format common, byte 7: expected a time\n    the line\n");
	assert_prints("/var/log/x/access.log:26  retried 2\n");
	assert_prints("    =\\x1B[31m\\xFF\\u{202E}\n");
	assert_prints("  -  unknown  2 lines\n    \n    one\n");
	assert_int_equal(fake_dlq.run.selected, 3);
}

static void
test_json(void **state)
{
	char line[2048];
	size_t count = 0;
	FILE *printed;

	(void)state;
	fake_dlq.call.output.json = true;
	assert_int_equal(dlq_list(&fake_dlq.run), CTL_OK);
	assert_harmless();
	printed = fmemopen((void *)(uintptr_t)fake_dlq_printed(), strlen(fake_dlq_printed()), "r");
	while (fgets(line, sizeof(line), printed) != NULL) {
		json_t *object = json_loads(line, 0, NULL);

		assert_non_null(object);
		assert_non_null(json_object_get(object, "id"));
		if (count++ == 1) {
			assert_string_equal(json_string_value(json_object_get(object, "when")),
					    "1970-01-01T23:59:59Z");
			assert_int_equal(json_integer_value(json_object_get(object, "offset")), 17);
			assert_int_equal(json_integer_value(json_object_get(object, "bytes")), 8);
		}
		json_decref(object);
	}
	fclose(printed);
	assert_int_equal(count, 3);
}

static void
test_ids(void **state)
{
	(void)state;
	fake_dlq.run.ids_only = true;
	fake_dlq.run.limit = 2;
	assert_int_equal(dlq_list(&fake_dlq.run), CTL_OK);
	assert_harmless();
	assert_int_equal(strlen(fake_dlq_printed()), 2 * 17);
	assert_int_equal(fake_dlq_printed()[0], 'l');
	assert_int_equal(fake_dlq_printed()[17], 'c');
}

static void
test_nothing(void **state)
{
	(void)state;
	fake_dlq.run.select.reason = "db.null";
	assert_int_equal(dlq_list(&fake_dlq.run), CTL_OK);
	assert_string_equal(fake_dlq_printed(), "");
}

/* A reader that is told no more: the walk ends. */
static void
test_output_fails(void **state)
{
	FILE *full = fopen("/dev/full", "w"), *before = fake_dlq.call.output.stream;

	(void)state;
	setvbuf(full, NULL, _IONBF, 0);
	fake_dlq.call.output.stream = full;
	assert_int_equal(dlq_list(&fake_dlq.run), CTL_OK);
	assert_int_equal(fake_dlq.run.selected, 1);
	fake_dlq.call.output.stream = before;
	fclose(full);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_json, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ids, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_output_fails, setup, teardown),
	};

	return cmocka_run_group_tests_name("dlq_list", tests, NULL, NULL);
}
