/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_export.c - letters into files; they stay, and no file is overwritten.
 */
#include "common/base/xalloc.h"
#include "tests/fakes/fake_broker.h"
#include "tests/fakes/fake_dlq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sysexits.h>
#include <sys/stat.h>
#include <unistd.h>
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
test_ndjson(void **state)
{
	(void)state;
	assert_int_equal(dlq_export(&fake_dlq.run), CTL_OK);
	assert_harmless();
	assert_prints("\"body\":\"the line\"}\n");
	assert_prints("\"body_base64\":\"PRtbMzFt/+KArg==\"}\n");
	assert_prints("\"body\":\"one\\ntwo\\n\"}\n");
}

static void
test_csv(void **state)
{
	(void)state;
	fake_dlq.run.csv = true;
	assert_int_equal(dlq_export(&fake_dlq.run), CTL_OK);
	assert_harmless();
	assert_prints("id,queue,when,reason,detail,source,offset,lines,retries,held,line\n");
	assert_prints(
		",clean,1970-01-01T23:59:59Z,parse.no_match,\"format common, byte 7: expected "
		"a time\",/var/log/x/access.log,17,1,0,no,\"the line\"\n");
	assert_prints(",26,1,2,no,\"'=\\x1B[31m\\xFF\\u{202E}\"\n");
	assert_prints(",lake,,unknown,,,,2,0,no,one\n");
}

/* A head even when there is nothing below it. */
static void
test_empty_csv(void **state)
{
	(void)state;
	fake_dlq.run.csv = true;
	fake_dlq.run.select.reason = "db.null";
	assert_int_equal(dlq_export(&fake_dlq.run), CTL_OK);
	assert_string_equal(fake_dlq_printed(),
			    "id,queue,when,reason,detail,source,offset,lines,retries,held,line\n");
}

static void
test_file(void **state)
{
	char *path = xasprintf("%s/letters", fake_dlq.state_dir);
	struct stat info;

	(void)state;
	fake_dlq.run.out = path;
	assert_int_equal(dlq_export(&fake_dlq.run), CTL_OK);
	assert_harmless();
	assert_prints("3 letters written to ");
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_true(info.st_size > 0);
	assert_int_equal(dlq_export(&fake_dlq.run), EX_CANTCREAT);
	assert_int_equal(unlink(path), 0);
	/* one that could not begin leaves no file in the way */
	fake_fail(&(struct fake_fault){.outcome = OUTCOME_RETRY});
	assert_int_not_equal(dlq_export(&fake_dlq.run), CTL_OK);
	assert_int_equal(access(path, F_OK), -1);
	free(path);
}

static void
test_disk_full(void **state)
{
	FILE *full = fopen("/dev/full", "w"), *before = fake_dlq.call.output.stream;

	(void)state;
	fake_dlq.call.output.stream = full;
	assert_int_equal(dlq_export(&fake_dlq.run), EX_IOERR);
	fake_dlq.call.output.stream = before;
	fclose(full);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ndjson, setup, teardown),
		cmocka_unit_test_setup_teardown(test_csv, setup, teardown),
		cmocka_unit_test_setup_teardown(test_empty_csv, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_disk_full, setup, teardown),
	};

	return cmocka_run_group_tests_name("dlq_export", tests, NULL, NULL);
}
