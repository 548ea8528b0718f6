/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_validator.c - would a letter pass now, by the workers' own code and these settings?
 */
#include "supervisor/dlq/dlq_letter.h"
#include "supervisor/dlq/dlq_validator.h"
#include "tests/fakes/fake_broker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define QUEUE "q"
#define COMMON "1.2.3.4 - - [10/Oct/2023:13:55:36 +0200] \"GET / HTTP/1.1\" 200 5"

static char path[] = "/var/log/x/*.log", format_common[] = "common";
static struct input_settings input = {.path = path, .format = format_common};
static struct settings settings = {.inputs = &input, .input_count = 1};

static int
start(void **state)
{
	(void)state;
	settings.producer.max_line_bytes = 1000;
	fake_broker_reset();
	fake_broker_add_queue(QUEUE);
	return 0;
}

/* How many lines fail, in a letter that says it is of this format. */
static size_t
check(struct dlq_validator *validator, const char *format, const char *source, const char *body,
      const char **reason, char detail[DLQ_DETAIL_SIZE])
{
	struct message message = MESSAGE_INIT;
	struct delivery *delivery;
	size_t failed;

	message.format = span_of(format);
	if (source != NULL)
		message.source = span_of(source);
	message.body = span_of(body);
	fake_broker_put(QUEUE, &message);
	delivery = fake_broker_look(QUEUE, fake_broker_ready(QUEUE) - 1);
	failed = dlq_validator_check(validator, &delivery, reason, detail);
	assert_null(delivery);
	return failed;
}

static void
test_clean(void **state)
{
	struct dlq_validator *validator = dlq_validator_new(&settings, STAGE_CLEAN, NULL, false);
	const char *reason = "";
	char detail[DLQ_DETAIL_SIZE] = "";

	(void)state;
	assert_int_equal(check(validator, "common", NULL, COMMON, &reason, detail), 0);
	assert_string_equal(reason, "");
	/* by its own format it fails, by that of its file's input it passes */
	assert_int_equal(check(validator, "combined", NULL, COMMON, &reason, detail), 1);
	assert_string_equal(reason, "parse.no_match");
	assert_non_null(strstr(detail, "combined"));
	assert_int_equal(
		check(validator, "combined", "/var/log/x/a.log.1", COMMON, &reason, detail), 0);
	/* of a frame: how many, and the first one's reason */
	reason = "";
	assert_int_equal(
		check(validator, "common", NULL, COMMON "\nx\n" COMMON "\ny\n", &reason, detail),
		2);
	assert_string_equal(reason, "parse.no_match");
	dlq_validator_free(&validator);
	assert_null(validator);
	dlq_validator_free(&validator); /* NULL is fine */
}

static void
test_formats_in_words(void **state)
{
	struct dlq_validator *validator =
		dlq_validator_new(&settings, STAGE_CLEAN, "common", false);
	const char *reason = "";
	char detail[DLQ_DETAIL_SIZE] = "";

	(void)state;
	assert_int_equal(check(validator, "combined", NULL, COMMON, &reason, detail), 0);
	dlq_validator_free(&validator);
	/* its own, whatever the input says */
	validator = dlq_validator_new(&settings, STAGE_CLEAN, NULL, true);
	assert_int_equal(check(validator, "combined", "/var/log/x/a.log", COMMON, &reason, detail),
			 1);
	dlq_validator_free(&validator);
}

static void
test_lake(void **state)
{
	struct dlq_validator *validator = dlq_validator_new(&settings, STAGE_LAKE, NULL, false);
	const char *reason = "";
	char detail[DLQ_DETAIL_SIZE] = "", too_long[1002];

	(void)state;
	assert_int_equal(
		check(validator, "no such format", NULL, "any bytes \xff", &reason, detail), 0);
	memset(too_long, 'x', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';
	assert_int_equal(check(validator, "common", NULL, too_long, &reason, detail), 1);
	assert_string_equal(reason, "line.too_long");
	dlq_validator_free(&validator);
}

/* More lines than are looked at in one batch. */
static void
test_large_frame(void **state)
{
	struct dlq_validator *validator =
		dlq_validator_new(&settings, STAGE_CLEAN, "common", false);
	const char *reason = "";
	char detail[DLQ_DETAIL_SIZE] = "", body[2001];

	(void)state;
	for (size_t i = 0; i < 2000; i++)
		body[i] = i % 2 == 0 ? 'x' : '\n';
	body[2000] = '\0';
	assert_int_equal(check(validator, "common", NULL, body, &reason, detail), 1000);
	dlq_validator_free(&validator);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_clean, start),
		cmocka_unit_test_setup(test_formats_in_words, start),
		cmocka_unit_test_setup(test_lake, start),
		cmocka_unit_test_setup(test_large_frame, start),
	};

	return cmocka_run_group_tests_name("dlq_validator", tests, NULL, NULL);
}
