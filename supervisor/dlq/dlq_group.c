/* SPDX-License-Identifier: MIT */
/*
 * dlq_group.c - the pattern of a detail, and the number of a group.
 */
#include "supervisor/dlq/dlq_group.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

void
dlq_group_pattern(struct span detail, char out[DLQ_PATTERN_SIZE])
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
		} else if (is_digit(c)) {
			out[len++] = 'N';
			while (i + 1 < detail.len && is_digit(detail.ptr[i + 1]))
				i++;
		} else {
			out[len++] = c >= 0x20 && c < 0x7f ? c : '?';
		}
	}
	out[len] = '\0';
}

/* FNV-1a, folded to the 28 bits of a group's name. */
uint32_t
dlq_group_number(enum stage_id queue, struct span reason, const char *pattern)
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
dlq_group_of(const struct dlq_letter *letter)
{
	char pattern[DLQ_PATTERN_SIZE];

	dlq_group_pattern(letter->detail, pattern);
	return dlq_group_number(letter->queue, letter->reason, pattern);
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
	if (text[0] != 'g' || strlen(text) != DLQ_GROUP_SIZE - 1 ||
	    strspn(text + 1, "0123456789abcdef") != DLQ_GROUP_SIZE - 2)
		return -1;
	*group = (uint32_t)strtoul(text + 1, NULL, 16);
	return 0;
}
