/* SPDX-License-Identifier: MIT */
/*
 * dlq_letter.h - a dead letter as people see it: its id, when and why it died, its group.
 *
 * The id is "l" or "c" (lake, clean) and the first 15 hex digits of the MD5 of queue, message-id
 * and the body's MD5. It depends on nothing that changes: the same letter has it at every look,
 * after it was held, exported and imported, and when it comes back after a retry (workers keep the
 * message-id of a line). Equal letters share it, as those of a line that was read twice or of
 * foreign messages without message-id; a verb that moves letters takes all of them. The beginning
 * of an id will do where it is the beginning of one only.
 *
 * A letter that the broker itself took out of a queue (delivery limit) is a whole frame: one entry
 * of N lines, with the reason "broker.delivery_limit".
 */
#ifndef SUPERVISOR_DLQ_DLQ_LETTER_H
#define SUPERVISOR_DLQ_DLQ_LETTER_H

#include <stdint.h>

#include "common/broker/broker.h"
#include "common/base/md5.h"

enum dlq_queue { DLQ_LAKE, DLQ_CLEAN, DLQ_QUEUES };

struct dlq_queue_names {
	const char *name;   /* "clean" */
	const char *origin; /* "queue-data-clean": where a retry goes */
	const char *dead;   /* "queue-data-clean.dead" */
	const char *table;  /* "clean_log" */
	const char *time;   /* the first column of its key */
};
extern const struct dlq_queue_names dlq_queues[DLQ_QUEUES];

/* "clean", "queue-data-clean" or "queue-data-clean.dead". Returns 0 or -1. */
int dlq_queue_find(const char *text, enum dlq_queue *queue) MUST_CHECK;

/* A header of letters in a dead-letter queue only: who holds it, and since when. */
#define DLQ_HELD_HEADER "x-sluice-held"

enum {
	DLQ_ID_DIGITS = 15,
	DLQ_ID_SIZE = DLQ_ID_DIGITS + 2,
	DLQ_GROUP_SIZE = 9, /* "g" and 7 hex digits */
	DLQ_PATTERN_SIZE = 256,
};

/* Why what is here must not pass for lines. */
enum dlq_flaw {
	DLQ_SOUND,
	DLQ_STUMP,  /* the start of a line too long for the producer */
	DLQ_PACKED, /* a body that cannot be unpacked here */
};

struct dlq_letter {
	enum dlq_queue queue;
	uint64_t id;
	const struct delivery *delivery;
	struct span line; /* the first one, without its end */
	size_t lines;
	struct span reason, detail;
	int64_t when_s; /* when it failed last; 0 = unknown */
	int64_t retries;
	bool held, by_broker;
	enum dlq_flaw flaw;
	char text[96]; /* behind reason, when the broker is the reason */
};

/* The spans point into the delivery and into *letter itself: do not copy it. */
void dlq_letter_read(struct md5 *md5, enum dlq_queue queue, const struct delivery *delivery,
		     struct dlq_letter *letter);

/* Why a letter with a flaw is not sent, and what helps; and the reason it would come back with. */
void dlq_flaw_text(const struct dlq_letter *letter, char out[DLQ_PATTERN_SIZE]);
const char *dlq_flaw_reason(enum dlq_flaw flaw);

uint64_t dlq_id(struct md5 *md5, enum dlq_queue queue, struct span message_id, struct span body);
const char *dlq_id_text(enum dlq_queue queue, uint64_t id, char out[DLQ_ID_SIZE]);

/* An id or its beginning, 4 digits at least: *id has the digits on the left. Returns 0 or -1. */
int dlq_id_parse(const char *text, enum dlq_queue *queue, uint64_t *id,
		 unsigned *digits) MUST_CHECK;
bool dlq_id_begins(uint64_t id, uint64_t prefix, unsigned digits);

/*
 * What details have in common: every number becomes N, what stands in quotes "…", other than ASCII
 * and control characters '?'. "format ezproxy, byte 17: expected …" is "format ezproxy, byte N:
 * expected …".
 */
void dlq_pattern(struct span detail, char out[DLQ_PATTERN_SIZE]);

/* Letters of one queue with the same reason and pattern are a group. */
uint32_t dlq_group(enum dlq_queue queue, struct span reason, const char *pattern);
uint32_t dlq_letter_group(const struct dlq_letter *letter);
const char *dlq_group_text(uint32_t group, char out[DLQ_GROUP_SIZE]);
int dlq_group_parse(const char *text, uint32_t *group) MUST_CHECK;

#endif
