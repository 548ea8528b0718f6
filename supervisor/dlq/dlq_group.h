/* SPDX-License-Identifier: MIT */
/*
 * dlq_group.h - letters of one queue with the same reason and the same kind of detail.
 */
#ifndef SUPERVISOR_DLQ_DLQ_GROUP_H
#define SUPERVISOR_DLQ_DLQ_GROUP_H

#include "supervisor/dlq/dlq_letter.h"

enum {
	DLQ_GROUP_SIZE = 9, /* "g" and 7 hex digits */
	DLQ_PATTERN_SIZE = 256,
};

/*
 * What details have in common: every number becomes N, what stands in quotes "…", other than ASCII
 * and control characters '?'. "format ezproxy, byte 17: expected …" is "format ezproxy, byte N:
 * expected …".
 */
void dlq_group_pattern(struct span detail, char out[DLQ_PATTERN_SIZE]);

/* Letters of one queue with the same reason and pattern are a group. */
uint32_t dlq_group_number(enum stage_id queue, struct span reason, const char *pattern);
uint32_t dlq_group_of(const struct dlq_letter *letter);
const char *dlq_group_text(uint32_t group, char out[DLQ_GROUP_SIZE]);
int dlq_group_parse(const char *text, uint32_t *group) MUST_CHECK;

#endif
