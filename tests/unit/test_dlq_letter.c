/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_letter.c - what people are shown of a dead letter: when and why it died, its lines.
 */
#include "common/broker/broker_publish_json.h"
#include "supervisor/dlq/dlq_id.h"
#include "supervisor/dlq/dlq_letter.h"
#include "tests/fakes/fake_broker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define QUEUE "queue-data-clean.dead"

static struct md5 *md5;
static struct delivery *delivery;
static struct dlq_letter letter;

static int
setup(void **state)
{
	(void)state;
	fake_broker_reset();
	fake_broker_add_queue(QUEUE);
	md5 = md5_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	delivery_free(&delivery);
	md5_free(&md5);
	return 0;
}

/* As it comes out of its queue, with these properties. */
static void
read_letter(const char *properties_json, const char *body)
{
	const struct broker_settings settings = {.user = NULL};
	json_t *properties = json_loads(properties_json, 0, NULL);
	struct broker *broker;
	struct failure failure;
	uint64_t tag;

	assert_non_null(properties);
	assert_int_equal(broker_open(&broker, &settings, BROKER_PUBLISH, "test", &failure),
			 OUTCOME_DONE);
	assert_int_equal(
		broker_publish_json(broker, "", QUEUE, properties, span_of(body), &tag, &failure),
		OUTCOME_DONE);
	broker_close(&broker);
	json_decref(properties);
	delivery_free(&delivery);
	delivery = fake_broker_look(QUEUE, fake_broker_ready(QUEUE) - 1);
	dlq_letter_read(md5, STAGE_CLEAN, delivery, &letter);
}

static void
assert_span(struct span got, const char *wanted)
{
	assert_int_equal(got.len, strlen(wanted));
	assert_memory_equal(got.ptr, wanted, got.len);
}

static void
test_of_a_worker(void **state)
{
	(void)state;
	read_letter("{\"message_id\": \"f:17\", \"timestamp\": 5, \"headers\": {"
		    "\"x-sluice-reason\": \"parse.no_match\", \"x-sluice-detail\": \"byte 7\", "
		    "\"x-sluice-attempts\": 1, \"x-sluice-retries\": 2, "
		    "\"x-sluice-first-failed\": {\"$time\": 10}, "
		    "\"x-sluice-last-failed\": {\"$time\": 20}}}",
		    "the line");
	assert_true(letter.id ==
		    dlq_id_of(md5, STAGE_CLEAN, SPAN_LITERAL("f:17"), SPAN_LITERAL("the line")));
	assert_span(letter.line, "the line");
	assert_int_equal(letter.lines, 1);
	assert_span(letter.reason, "parse.no_match");
	assert_span(letter.detail, "byte 7");
	assert_int_equal(letter.when_s, 20);
	assert_int_equal(letter.retries, 2);
	assert_false(letter.held);
	assert_int_equal(letter.flaw, DLQ_NO_FLAW);
}

/* A frame that the broker took out of its queue. */
static void
test_of_the_broker(void **state)
{
	(void)state;
	read_letter("{\"headers\": {\"x-first-death-reason\": \"delivery_limit\", "
		    "\"x-death\": [{\"time\": {\"$time\": 77}, \"count\": 1}]}}",
		    "one\ntwo\n\n");
	assert_span(letter.reason, "broker.delivery_limit");
	assert_span(letter.detail, "taken out of its queue by the broker itself");
	assert_int_equal(letter.when_s, 77);
	assert_int_equal(letter.lines, 3);
	assert_span(letter.line, "one");
	assert_int_equal(letter.retries, 0);
	/* a worker's reason counts more than an older death at the broker */
	read_letter("{\"headers\": {\"x-first-death-reason\": \"delivery_limit\", "
		    "\"x-sluice-reason\": \"db.null\"}}",
		    "x");
	assert_span(letter.reason, "db.null");
	assert_span(letter.detail, "");
}

static void
test_of_others(void **state)
{
	(void)state;
	read_letter("{}", "");
	assert_span(letter.reason, "unknown");
	assert_span(letter.detail, "");
	assert_span(letter.line, "");
	assert_int_equal(letter.when_s, 0);
	read_letter("{\"headers\": {\"x-sluice-held\": \"anna @5\", \"x-sluice-retries\": -4}}",
		    "x");
	assert_true(letter.held);
	assert_int_equal(letter.retries, 0);
	read_letter("{\"headers\": {\"x-sluice-held\": 1}}", "x");
	assert_true(letter.held);
	/* a reason longer than the room for it is cut */
	read_letter("{\"headers\": {\"x-first-death-reason\": \""
		    "0123456789012345678901234567890123456789012345678901234567890123456789"
		    "0123456789012345678901234567890123456789012345678901234567890123456789\"}}",
		    "x");
	assert_int_equal(letter.reason.len, strlen("broker.") + 64);
}

static void
test_flaws(void **state)
{
	char text[DLQ_DETAIL_SIZE];

	(void)state;
	/* of the producer, which counts no attempts: only the start is here */
	read_letter("{\"headers\": {\"x-sluice-reason\": \"line.too_long\"}}", "the sta");
	assert_int_equal(letter.flaw, DLQ_CUT);
	dlq_letter_flaw_text(&letter, text);
	assert_non_null(strstr(text, "only the first 7 bytes"));
	assert_string_equal(dlq_letter_flaw_reason(letter.flaw), "line.too_long");
	/* of a worker: the whole line */
	read_letter("{\"headers\": {\"x-sluice-reason\": \"line.too_long\", "
		    "\"x-sluice-attempts\": 1}}",
		    "the line");
	assert_int_equal(letter.flaw, DLQ_NO_FLAW);
	read_letter("{\"content_encoding\": \"lz4\"}", "no such frame");
	assert_int_equal(letter.flaw, DLQ_PACKED);
	dlq_letter_flaw_text(&letter, text);
	assert_non_null(strstr(text, "content_encoding lz4"));
	assert_string_equal(dlq_letter_flaw_reason(letter.flaw), "frame.unreadable");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_of_a_worker, setup, teardown),
		cmocka_unit_test_setup_teardown(test_of_the_broker, setup, teardown),
		cmocka_unit_test_setup_teardown(test_of_others, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flaws, setup, teardown),
	};

	return cmocka_run_group_tests_name("dlq_letter", tests, NULL, NULL);
}
