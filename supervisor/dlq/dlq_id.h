/* SPDX-License-Identifier: MIT */
/*
 * dlq_id.h - the names of dead letters.
 *
 * An id is "l" or "c" (lake, clean) and the first 15 hex digits of the MD5 of queue, message-id and
 * the body's MD5. It depends on nothing that changes: the same letter has it at every look, after
 * it was held, exported and imported, and when it comes back after a retry (workers keep the
 * message-id of a line). Equal letters share it, as those of a line that was read twice or of
 * foreign messages without message-id; a verb that moves letters takes all of them. The beginning
 * of an id will do where it is the beginning of one only.
 */
#ifndef SUPERVISOR_DLQ_DLQ_ID_H
#define SUPERVISOR_DLQ_DLQ_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/md5.h"
#include "common/settings/stage.h"

enum { DLQ_ID_DIGITS = 15, DLQ_ID_SIZE = DLQ_ID_DIGITS + 2 };

uint64_t dlq_id_of(struct md5 *md5, enum stage_id queue, struct span message_id, struct span body);
const char *dlq_id_text(enum stage_id queue, uint64_t id, char out[DLQ_ID_SIZE]);

/* An id or its beginning, 4 digits at least: *id has the digits on the left. Returns 0 or -1. */
int dlq_id_parse(const char *text, enum stage_id *queue, uint64_t *id, unsigned *digits) MUST_CHECK;
bool dlq_id_begins(uint64_t id, uint64_t prefix, unsigned digits);

/* What dlq_id_parse() did not like about it, for people. */
void dlq_id_explain(const char *text, char *out, size_t out_size);

#endif
