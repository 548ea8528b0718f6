/* SPDX-License-Identifier: MIT */
/*
 * dlq_entry.h - dead letters as NDJSON: one JSON object per line, byte-exact, nothing left out.
 *
 *   {"id": "c…", "queue": "queue-data-clean.dead", "when": "2026-…Z", "reason": …, "detail": …,
 *    "properties": {…}, "body": "the line"}
 *
 * "body_base64" instead of "body" when it is not UTF-8 or has a NUL; properties as in
 * common/broker/delivery_json.h. Only queue, properties and the body are read back; the rest is for
 * people and jq.
 */
#ifndef SUPERVISOR_DLQ_DLQ_ENTRY_H
#define SUPERVISOR_DLQ_DLQ_ENTRY_H

#include <jansson.h>
#include <stdio.h>

#include "supervisor/dlq/dlq_letter.h"

/* The letter as an object, the caller's. */
json_t *dlq_entry_new(const struct dlq_letter *letter);

/*
 * A text, what is not UTF-8 in it as \xHH; at most max bytes, 0 = all. A time, null when it is 0.
 * Both are the caller's.
 */
json_t *dlq_entry_text(struct span text, size_t max);
json_t *dlq_entry_time(int64_t when_s);

/*
 * Write an object as one line of ASCII, which no terminal can take for orders. 0, or -1 with errno.
 */
int dlq_entry_print(FILE *out, const json_t *object);

/* A line read back. */
struct dlq_entry {
	enum stage_id queue;
	json_t *properties;
	char *body;
	size_t body_len;
};
int dlq_entry_parse(const char *line, size_t len, struct dlq_entry *entry, char *error,
		    size_t error_size) MUST_CHECK;
void dlq_entry_free(struct dlq_entry *entry);
uint64_t dlq_entry_id(struct md5 *md5, const struct dlq_entry *entry);

/*
 * The message with its body and the headers that are texts or numbers, as spans into the entry.
 * What JSON cannot say plainly ("$text", "$table") is left out: only others' headers are such.
 */
struct message dlq_entry_message(const struct dlq_entry *entry);

#endif
