/* SPDX-License-Identifier: MIT */
/*
 * fuzz_delivery.c - libFuzzer: any properties and any body as a message. It is read as a dead
 * letter, made a line of JSON, read back, and sent on with all its properties: nothing may change.
 *
 * The first two bytes are how long the properties are; the body follows them.
 */
#include "common/base/md5.h"
#include "common/broker/broker_publish_json.h"
#include "common/broker/delivery_json.h"
#include "supervisor/dlq/dlq_entry.h"
#include "supervisor/dlq/dlq_group.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/wire.h"

#include <stdio.h>

static struct md5 *md5;
static struct unpacker *unpacker;

/* What a message has in JSON and keeps when it is sent on. */
static json_t *
kept_properties(const struct delivery *delivery)
{
	json_t *properties = delivery_json_properties(delivery);

	json_object_del(properties, "user_id");
	json_object_del(properties, "expiration");
	json_object_del(properties, "delivery_mode");
	return properties;
}

static void
check_sent_on(const struct delivery *delivery)
{
	json_t *properties = kept_properties(delivery), *received;
	struct failure failure;
	struct delivery *second;
	uint64_t tag;

	if (broker_publish_json(NULL, "", "queue", properties, delivery->message.body, &tag,
				&failure) == OUTCOME_DONE) {
		second = wire_receive(wire_published(), delivery->message.body);
		FUZZ_CHECK(second != NULL);
		received = kept_properties(second);
		FUZZ_CHECK(json_equal(properties, received));
		json_decref(received);
		delivery_free(&second);
	}
	json_decref(properties);
}

static void
check_entry(const struct dlq_letter *letter)
{
	json_t *object = dlq_entry_new(letter);
	struct dlq_entry entry;
	char error[256], *line = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&line, &len);

	FUZZ_CHECK(dlq_entry_print(out, object) == 0 && fclose(out) == 0);
	FUZZ_CHECK(len > 0 && memchr(line, '\n', len) == line + len - 1);
	for (size_t i = 0; i + 1 < len; i++)
		FUZZ_CHECK(line[i] >= ' ' && line[i] <= '~');
	FUZZ_CHECK(dlq_entry_parse(line, len, &entry, error, sizeof(error)) == 0);
	FUZZ_CHECK(entry.queue == letter->queue && dlq_entry_id(md5, &entry) == letter->id);
	FUZZ_CHECK(span_equals((struct span){entry.body, entry.body_len},
			       letter->delivery->message.body));
	FUZZ_CHECK(json_equal(entry.properties, json_object_get(object, "properties")));
	dlq_entry_free(&entry);
	json_decref(object);
	free(line);
}

static void
check_letter(const struct delivery *delivery)
{
	struct dlq_letter letter;
	char text[DLQ_DETAIL_SIZE];

	dlq_letter_read(md5, STAGE_CLEAN, delivery, &letter);
	FUZZ_CHECK(letter.reason.len > 0 || letter.reason.ptr != NULL);
	FUZZ_CHECK(letter.retries >= 0);
	dlq_letter_flaw_text(&letter, text);
	(void)dlq_group_of(&letter);
	check_entry(&letter);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct delivery *delivery;
	size_t len;

	if (md5 == NULL) {
		md5 = md5_new();
		unpacker = unpacker_new();
	}
	if (size < 2)
		return 0;
	len = MIN((size_t)data[0] << 8 | data[1], size - 2);
	delivery =
		wire_receive(fuzz_span(data + 2, len), fuzz_span(data + 2 + len, size - 2 - len));
	if (delivery == NULL)
		return 0;
	check_letter(delivery);
	check_sent_on(delivery);
	if (delivery_unpack(delivery, unpacker) == NULL)
		check_letter(delivery);
	delivery_free(&delivery);
	return 0;
}
