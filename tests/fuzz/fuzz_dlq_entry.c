/* SPDX-License-Identifier: MIT */
/*
 * fuzz_dlq_entry.c - libFuzzer: any bytes as a line of an archive or an export. What is accepted
 * can be looked at and, if it can be sent at all, comes back as the same letter.
 */
#include "common/base/md5.h"
#include "common/broker/broker_publish_json.h"
#include "common/message/message.h"
#include "supervisor/dlq/dlq_entry.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/wire.h"

static struct md5 *md5;

static void
check_sent(const struct dlq_entry *entry)
{
	const struct span body = {.ptr = entry->body, .len = entry->body_len};
	struct dlq_letter letter;
	struct delivery *delivery;
	struct failure failure;
	uint64_t tag;

	if (broker_publish_json(NULL, "", "queue", entry->properties, body, &tag, &failure) !=
	    OUTCOME_DONE)
		return;
	delivery = wire_receive(wire_published(), body);
	FUZZ_CHECK(delivery != NULL);
	dlq_letter_read(md5, entry->queue, delivery, &letter);
	FUZZ_CHECK(letter.id == dlq_entry_id(md5, entry));
	delivery_free(&delivery);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dlq_entry entry;
	struct message message;
	char error[256] = "";

	if (md5 == NULL)
		md5 = md5_new();
	if (dlq_entry_parse((const char *)data, size, &entry, error, sizeof(error)) != 0) {
		FUZZ_CHECK(error[0] != '\0');
		return 0;
	}
	message = dlq_entry_message(&entry);
	FUZZ_CHECK(message.body.ptr == entry.body && message.body.len == entry.body_len);
	FUZZ_CHECK(message.offset >= -1 && message.lines >= -1 && message.attempts >= -1);
	check_sent(&entry);
	dlq_entry_free(&entry);
	return 0;
}
