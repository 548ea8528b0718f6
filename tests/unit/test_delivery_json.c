/* SPDX-License-Identifier: MIT */
/*
 * test_delivery_json.c - every property and header as JSON and, with broker_publish_json.c, back: a
 * message that is sent on loses nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/base/defs.h"
#include "common/broker/broker_publish_json.h"
#include "common/broker/delivery_json.h"
#include "tests/fakes/fake_broker.h"

static const struct broker_settings settings;
static struct broker *broker;
static struct failure failure;

static int
set_up(void **state)
{
	(void)state;
	fake_reset();
	fake_broker_reset();
	fake_broker_add_queue("q");
	assert_int_equal(broker_open(&broker, &settings, BROKER_PUBLISH, "test", &failure),
			 OUTCOME_DONE);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	broker_close(&broker);
	fake_broker_reset();
	return 0;
}

static enum outcome
publish(const char *text)
{
	json_t *properties = json_loads(text, JSON_ALLOW_NUL, NULL);
	enum outcome outcome;
	uint64_t tag;

	assert_non_null(properties);
	outcome = broker_publish_json(broker, "", "q", properties, SPAN_LITERAL("body"), &tag,
				      &failure);
	json_decref(properties);
	return outcome;
}

/* Sent with these properties; what it comes in with. */
static void
assert_comes_in(const char *sent, const char *expected)
{
	json_t *wanted = json_loads(expected, JSON_ALLOW_NUL, NULL), *got;
	struct delivery *delivery;
	char *text;

	assert_int_equal(publish(sent), OUTCOME_DONE);
	delivery = fake_broker_look("q", fake_broker_ready("q") - 1);
	got = delivery_json_properties(delivery);
	text = json_dumps(got, JSON_COMPACT);
	if (!json_equal(wanted, got))
		fail_msg("%s instead of %s", text, expected);
	free(text);
	json_decref(got);
	json_decref(wanted);
	delivery_free(&delivery);
}

static void
test_round_trip(void **state)
{
	static const char *const cases[] = {
		"{\"delivery_mode\":2}",
		"{\"delivery_mode\":2,\"content_type\":\"a/b\",\"content_encoding\":\"lz4\","
		"\"correlation_id\":\"c\",\"reply_to\":\"r\",\"message_id\":\"m\",\"type\":\"t\","
		"\"app_id\":\"a\",\"cluster_id\":\"k\",\"priority\":9,\"timestamp\":1700000000}",
		"{\"delivery_mode\":2,\"message_id\":{\"$text\":\"/w==\"}}",
		"{\"delivery_mode\":2,\"headers\":{\"a\":\"text\",\"b\":-5,\"c\":true,\"d\":null,"
		"\"e\":1.5,\"f\":[1,\"x\",[2]],\"g\":{\"h\":{}}}}",
		"{\"delivery_mode\":2,\"headers\":{\"a\":{\"$text\":\"/w==\"},"
		"\"b\":{\"$bytes\":\"AAEC\"},\"c\":{\"$time\":1700000000},"
		"\"d\":{\"$decimal\":[2,314]}}}",
		"{\"delivery_mode\":2,\"headers\":{\"a\":{\"$real\":\"nan\"},"
		"\"b\":{\"$real\":\"inf\"},\"c\":{\"$real\":\"-inf\"}}}",
		/* names that JSON cannot have: twice there, not UTF-8, like one of our tags */
		"{\"delivery_mode\":2,\"headers\":{\"$table\":[[\"YQ==\",1],[\"YQ==\",2]]}}",
		"{\"delivery_mode\":2,\"headers\":{\"$table\":[[\"/w==\",\"x\"]]}}",
		"{\"delivery_mode\":2,\"headers\":{\"$table\":[[\"JHRleHQ=\",\"x\"]]}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_comes_in(cases[i], cases[i]);
}

/* Always persistent; not sent: whose it was, and when it would expire. */
static void
test_not_sent(void **state)
{
	(void)state;
	assert_comes_in("{\"user_id\":\"guest\",\"expiration\":\"1000\",\"delivery_mode\":1,"
			"\"type\":\"t\"}",
			"{\"delivery_mode\":2,\"type\":\"t\"}");
}

/* The broker counts deliveries in a header; that is none of the message's own. */
static void
test_delivery_count(void **state)
{
	(void)state;
	assert_comes_in("{\"headers\":{\"x-delivery-count\":3,\"x-acquired-count\":4,\"a\":1}}",
			"{\"delivery_mode\":2,\"headers\":{\"a\":1}}");
}

/* What cannot be sent is refused, and the connection is still good. */
static void
test_refused(void **state)
{
	static const char *const cases[] = {
		"{\"message_id\":{\"$text\":\"no base64!\"}}",
		"{\"message_id\":5}",
		"{\"headers\":{\"a\":{\"$bytes\":7}}}",
		"{\"headers\":{\"$table\":[[\"no base64!\",1]]}}",
		"{\"headers\":{\"a\":{\"$real\":\"1.5\"}}}",
		/* deeper than anybody means */
		"{\"headers\":{\"a\":[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]}}",
	};
	char large[200000] = "{\"headers\":{\"a\":\"";
	char long_id[400] = "{\"message_id\":\"", long_name[400] = "{\"headers\":{\"";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(publish(cases[i]), OUTCOME_REJECT);
		assert_non_null(strstr(failure.text, "not in the form of an export"));
	}
	memset(large + strlen(large), 'x', 150000);
	memcpy(large + strlen(large), "\"}}", 4);
	assert_int_equal(publish(large), OUTCOME_REJECT);
	assert_non_null(strstr(failure.text, "larger than a frame"));
	memset(long_id + strlen(long_id), 'x', 256);
	memcpy(long_id + strlen(long_id), "\"}", 3);
	assert_int_equal(publish(long_id), OUTCOME_REJECT);
	memset(long_name + strlen(long_name), 'x', 256);
	memcpy(long_name + strlen(long_name), "\":1}}", 6);
	assert_int_equal(publish(long_name), OUTCOME_REJECT);
	assert_int_equal(fake_broker_ready("q"), 0);
	assert_int_equal(publish("{}"), OUTCOME_DONE);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_round_trip),
		TEST(test_not_sent),
		TEST(test_delivery_count),
		TEST(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
