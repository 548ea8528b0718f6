/* SPDX-License-Identifier: MIT */
/*
 * dlq_letter.h - a dead letter as people see it: its id, when and why it died.
 *
 * A letter that the broker itself took out of a queue (delivery limit) is a whole frame: one entry
 * of N lines, with the reason "broker.delivery_limit".
 */
#ifndef SUPERVISOR_DLQ_DLQ_LETTER_H
#define SUPERVISOR_DLQ_DLQ_LETTER_H

#include <stdint.h>

#include "common/base/md5.h"
#include "common/broker/broker.h"
#include "common/settings/stage.h"

/* A header of letters in a dead-letter queue only: who holds it, and since when. */
#define DLQ_HELD_HEADER "x-sluice-held"

enum { DLQ_DETAIL_SIZE = 256 };

/* Why what is here must not pass for lines. */
enum dlq_flaw {
	DLQ_NO_FLAW,
	DLQ_CUT,    /* the start of a line too long for the producer */
	DLQ_PACKED, /* a body that cannot be unpacked here */
};

struct dlq_letter {
	enum stage_id queue;
	uint64_t id;
	const struct delivery *delivery;
	struct span line; /* the first one, without its end */
	size_t lines;
	struct span reason, detail;
	int64_t when_s; /* when it failed last; 0 = unknown */
	int64_t retries;
	bool held;
	enum dlq_flaw flaw;
	char text[96]; /* behind reason, when the broker is the reason */
};

/* The spans point into the delivery and into *letter itself: do not copy it. */
void dlq_letter_read(struct md5 *md5, enum stage_id queue, const struct delivery *delivery,
		     struct dlq_letter *letter);

/* Why a letter with a flaw is not sent, and what helps; and the reason it would come back with. */
void dlq_letter_flaw_text(const struct dlq_letter *letter, char out[DLQ_DETAIL_SIZE]);
const char *dlq_letter_flaw_reason(enum dlq_flaw flaw);

#endif
