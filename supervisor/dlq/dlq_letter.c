/* SPDX-License-Identifier: MIT */
/*
 * dlq_letter.c - when and why a letter died.
 */
#include "supervisor/dlq/dlq_letter.h"
#include "common/broker/delivery.h"
#include "common/message/lines.h"
#include "common/message/reason.h"
#include "supervisor/dlq/dlq_id.h"

#include <stdio.h>

static void
read_cause(struct dlq_letter *letter)
{
	const struct message *message = &letter->delivery->message;
	struct span reason;
	bool by_broker;

	letter->reason = message->reason;
	letter->detail = message->detail.ptr != NULL ? message->detail : SPAN_LITERAL("");
	by_broker = message->reason.ptr == NULL &&
		    delivery_header_text(letter->delivery, "x-first-death-reason", &reason);
	if (by_broker) {
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
		return DLQ_CUT;
	return DLQ_NO_FLAW;
}

void
dlq_letter_flaw_text(const struct dlq_letter *letter, char out[DLQ_DETAIL_SIZE])
{
	const struct message *message = &letter->delivery->message;

	if (letter->flaw == DLQ_PACKED)
		snprintf(out, DLQ_DETAIL_SIZE,
			 "its body is packed (content_encoding %.*s) and cannot be unpacked here: "
			 "`sluicectl dlq export` writes it as it is",
			 (int)MIN(message->content_encoding.len, (size_t)16),
			 message->content_encoding.ptr);
	else
		snprintf(out, DLQ_DETAIL_SIZE,
			 "only the first %zu bytes of the line are here: raise "
			 "producer.max_line_bytes, and read its file again with `sluice-producer "
			 "--once` and a supervisor.state_dir of its own",
			 message->body.len);
}

const char *
dlq_letter_flaw_reason(enum dlq_flaw flaw)
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
dlq_letter_read(struct md5 *md5, enum stage_id queue, const struct delivery *delivery,
		struct dlq_letter *letter)
{
	const struct span body = message_lines(&delivery->message);
	struct line_reader reader = lines_of(body);
	struct span held;
	int64_t number;

	letter->queue = queue;
	letter->delivery = delivery;
	letter->id = dlq_id_of(md5, queue, delivery->message.message_id, delivery->message.body);
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
