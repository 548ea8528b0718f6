/* SPDX-License-Identifier: MIT */
/*
 * dlq_letter.c - ids, groups, and why a letter is dead.
 */
#include "supervisor/dlq/dlq_letter.h"
#include "common/broker/broker_whole.h"
#include "common/message/lines.h"
#include "common/message/reason.h"
#include "common/broker/topology.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct dlq_queue_names dlq_queues[DLQ_QUEUES] = {
	[DLQ_LAKE] = {.name = "lake",
		      .origin = TOPOLOGY_LAKE_QUEUE,
		      .dead = TOPOLOGY_LAKE_QUEUE ".dead",
		      .table = "raw_log",
		      .time = "timestamp_utc"},
	[DLQ_CLEAN] = {.name = "clean",
		       .origin = TOPOLOGY_CLEAN_QUEUE,
		       .dead = TOPOLOGY_CLEAN_QUEUE ".dead",
		       .table = "clean_log",
		       .time = "timestamp"},
};

int
dlq_queue_find(const char *text, enum dlq_queue *queue)
{
	for (size_t i = 0; i < DLQ_QUEUES; i++) {
		if (strcmp(text, dlq_queues[i].name) != 0 &&
		    strcmp(text, dlq_queues[i].origin) != 0 &&
		    strcmp(text, dlq_queues[i].dead) != 0)
			continue;
		*queue = (enum dlq_queue)i;
		return 0;
	}
	return -1;
}

/* --- ids --- */

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

uint64_t
dlq_id(struct md5 *md5, enum dlq_queue queue, struct span message_id, struct span body)
{
	char text[512], body_md5[MD5_HEX_LEN], digest[MD5_HEX_LEN];
	uint64_t id = 0;
	int len;

	md5_hex(md5, body, body_md5);
	len = snprintf(text, sizeof(text), "%s\n%.*s\n%.*s", dlq_queues[queue].name, MD5_HEX_LEN,
		       body_md5, (int)MIN(message_id.len, (size_t)255),
		       message_id.ptr != NULL ? message_id.ptr : "");
	md5_hex(md5, (struct span){text, (size_t)len}, digest);
	for (int i = 0; i < DLQ_ID_DIGITS; i++)
		id = id << 4 | (uint64_t)hex_value(digest[i]);
	return id;
}

const char *
dlq_id_text(enum dlq_queue queue, uint64_t id, char out[DLQ_ID_SIZE])
{
	snprintf(out, DLQ_ID_SIZE, "%c%015" PRIx64, dlq_queues[queue].name[0], id);
	return out;
}

int
dlq_id_parse(const char *text, enum dlq_queue *queue, uint64_t *id, unsigned *digits)
{
	if (text[0] != 'l' && text[0] != 'c')
		return -1;
	*queue = text[0] == 'l' ? DLQ_LAKE : DLQ_CLEAN;
	*id = 0;
	for (*digits = 0; text[*digits + 1] != '\0'; (*digits)++) {
		int value = hex_value(text[*digits + 1]);

		if (value < 0 || *digits == DLQ_ID_DIGITS)
			return -1;
		*id = *id << 4 | (uint64_t)value;
	}
	*id <<= 4 * (DLQ_ID_DIGITS - *digits);
	return *digits >= 4 ? 0 : -1;
}

bool
dlq_id_begins(uint64_t id, uint64_t prefix, unsigned digits)
{
	unsigned rest = 4 * (DLQ_ID_DIGITS - digits);

	return id >> rest == prefix >> rest;
}

/* --- groups --- */

static bool
dlq_letter_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

void
dlq_pattern(struct span detail, char out[DLQ_PATTERN_SIZE])
{
	size_t len = 0;

	for (size_t i = 0; i < detail.len && len + 4 < DLQ_PATTERN_SIZE; i++) {
		char c = detail.ptr[i];
		const char *quote =
			c == '"' ? memchr(detail.ptr + i + 1, '"', detail.len - i - 1) : NULL;

		if (quote != NULL) {
			memcpy(out + len, "\"*\"", 3);
			len += 3;
			i = (size_t)(quote - detail.ptr);
		} else if (dlq_letter_is_digit(c)) {
			out[len++] = 'N';
			while (i + 1 < detail.len && dlq_letter_is_digit(detail.ptr[i + 1]))
				i++;
		} else {
			out[len++] = c >= 0x20 && c < 0x7f ? c : '?';
		}
	}
	out[len] = '\0';
}

/* FNV-1a, folded to the 28 bits of a group's name. */
uint32_t
dlq_group(enum dlq_queue queue, struct span reason, const char *pattern)
{
	uint64_t hash = 0xcbf29ce484222325u + queue;

	for (size_t i = 0; i < reason.len; i++)
		hash = (hash ^ (unsigned char)reason.ptr[i]) * 0x100000001b3u;
	hash = (hash ^ '\n') * 0x100000001b3u;
	for (; *pattern != '\0'; pattern++)
		hash = (hash ^ (unsigned char)*pattern) * 0x100000001b3u;
	return (uint32_t)((hash ^ hash >> 28 ^ hash >> 56) & 0xfffffff);
}

uint32_t
dlq_letter_group(const struct dlq_letter *letter)
{
	char pattern[DLQ_PATTERN_SIZE];

	dlq_pattern(letter->detail, pattern);
	return dlq_group(letter->queue, letter->reason, pattern);
}

const char *
dlq_group_text(uint32_t group, char out[DLQ_GROUP_SIZE])
{
	snprintf(out, DLQ_GROUP_SIZE, "g%07" PRIx32, group & 0xfffffff);
	return out;
}

int
dlq_group_parse(const char *text, uint32_t *group)
{
	*group = 0;
	if (text[0] != 'g' || strlen(text) != DLQ_GROUP_SIZE - 1)
		return -1;
	for (int i = 1; i < DLQ_GROUP_SIZE - 1; i++) {
		if (hex_value(text[i]) < 0)
			return -1;
		*group = *group << 4 | (uint32_t)hex_value(text[i]);
	}
	return 0;
}

/* --- why and when --- */

static void
read_cause(struct dlq_letter *letter)
{
	const struct message *message = &letter->delivery->message;
	struct span reason;

	letter->reason = message->reason;
	letter->detail = message->detail.ptr != NULL ? message->detail : SPAN_LITERAL("");
	letter->by_broker = message->reason.ptr == NULL &&
			    delivery_header_text(letter->delivery, "x-first-death-reason", &reason);
	if (letter->by_broker) {
		snprintf(letter->text, sizeof(letter->text), "broker.%.*s",
			 (int)MIN(reason.len, (size_t)64), reason.ptr);
		letter->reason = span_of(letter->text);
		letter->detail = SPAN_LITERAL("taken out of its queue by the broker itself");
	} else if (letter->reason.ptr == NULL) {
		letter->reason = SPAN_LITERAL("unknown");
	}
}

/*
 * What workers reject as too long is there as a whole; they count attempts, the producer has none.
 */
static enum dlq_flaw
flaw_of(const struct message *message)
{
	if (content_encoding_is_packed(message->content_encoding))
		return DLQ_PACKED;
	if (message->attempts <= 0 &&
	    span_equals(message->reason, span_of(reason_name(REASON_LINE_TOO_LONG))))
		return DLQ_STUMP;
	return DLQ_SOUND;
}

void
dlq_flaw_text(const struct dlq_letter *letter, char out[DLQ_PATTERN_SIZE])
{
	const struct message *message = &letter->delivery->message;

	if (letter->flaw == DLQ_PACKED)
		snprintf(out, DLQ_PATTERN_SIZE,
			 "its body is packed (content_encoding %.*s) and cannot be unpacked here: "
			 "`sluicectl dlq export` writes it as it is",
			 (int)MIN(message->content_encoding.len, (size_t)16),
			 message->content_encoding.ptr);
	else
		snprintf(out, DLQ_PATTERN_SIZE,
			 "only the first %zu bytes of the line are here: raise "
			 "producer.max_line_bytes, and read its file again with `sluice-producer "
			 "--once` and a supervisor.state_dir of its own",
			 message->body.len);
}

const char *
dlq_flaw_reason(enum dlq_flaw flaw)
{
	return reason_name(flaw == DLQ_PACKED ? REASON_FRAME_UNREADABLE : REASON_LINE_TOO_LONG);
}

static int64_t
when_of(const struct delivery *delivery)
{
	const struct message *message = &delivery->message;
	int64_t death_s = delivery_death_time(delivery);

	if (message->last_failed_s > 0)
		return message->last_failed_s;
	if (death_s > 0)
		return death_s;
	return message->first_failed_s > 0 ? message->first_failed_s : message->timestamp_s;
}

void
dlq_letter_read(struct md5 *md5, enum dlq_queue queue, const struct delivery *delivery,
		struct dlq_letter *letter)
{
	const struct span body = message_lines(&delivery->message);
	struct line_reader reader = lines_of(body);
	struct span held;
	int64_t number;

	letter->queue = queue;
	letter->delivery = delivery;
	letter->id = dlq_id(md5, queue, delivery->message.message_id, delivery->message.body);
	letter->line = SPAN_LITERAL("");
	(void)lines_next(&reader, &letter->line);
	letter->lines = lines_count(body);
	letter->when_s = when_of(delivery);
	letter->retries = MAX(delivery->message.retries, 0);
	letter->held = delivery_header_text(delivery, DLQ_HELD_HEADER, &held) ||
		       delivery_header_number(delivery, DLQ_HELD_HEADER, &number);
	letter->flaw = flaw_of(&delivery->message);
	read_cause(letter);
}
