/* SPDX-License-Identifier: MIT */
/*
 * binding_check.c - mandatory messages to the spare bindings.
 */
#include "producer/binding_check.h"
#include "common/broker/topology.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK_ID "sluice-check:"

void
binding_check_start(struct binding_check *check, const struct settings *settings)
{
	*check = (struct binding_check){.dirty = true};
	if (settings->producer.check_s > 0)
		check->count = MIN(topology_spare_count(settings), (size_t)BINDING_CHECKS_MAX);
}

bool
binding_check_due(const struct binding_check *check, int64_t now_ms)
{
	return check->count > 0 && check->open == 0 && check->dirty && now_ms >= check->next_ms;
}

void
binding_check_begin(struct binding_check *check, const struct settings *settings, int64_t now_ms)
{
	check->next_ms = now_ms + settings->producer.check_s * 1000;
	check->dirty = false;
	check->queue = NULL;
	check->open = 0;
}

struct message
binding_check_message(char id[BINDING_CHECK_ID_MAX], size_t i)
{
	struct message message = MESSAGE_INIT;

	snprintf(id, BINDING_CHECK_ID_MAX, CHECK_ID "%zu", i);
	message.body = SPAN_LITERAL("");
	message.message_id = span_of(id);
	message.lines = 0;
	return message;
}

void
binding_check_sent(struct binding_check *check, size_t i, const char *queue, uint64_t tag)
{
	check->asked[i].queue = queue;
	check->asked[i].returned = false;
	check->asked[i].refused = false;
	check->asked[i].tag = tag;
	check->open++;
}

bool
binding_check_returned(struct binding_check *check, struct span message_id)
{
	size_t len = sizeof(CHECK_ID) - 1;
	char number[24];
	size_t i;

	if (message_id.len <= len || memcmp(message_id.ptr, CHECK_ID, len) != 0)
		return false;
	snprintf(number, sizeof(number), "%.*s", (int)MIN(message_id.len - len, (size_t)20),
		 message_id.ptr + len);
	i = strtoul(number, NULL, 10);
	if (i < check->count)
		check->asked[i].returned = true;
	return true;
}

static bool
is_among(uint64_t own, uint64_t tag, bool multiple)
{
	return own != 0 && (multiple ? own <= tag : own == tag);
}

void
binding_check_refused(struct binding_check *check, uint64_t tag, bool multiple)
{
	for (size_t i = 0; i < check->count && check->open > 0; i++)
		if (is_among(check->asked[i].tag, tag, multiple))
			check->asked[i].refused = true;
}

/* The first queue that refused its check: of several the first to mend. */
static const char *
full_queue(const struct binding_check *check)
{
	for (size_t i = 0; i < check->count; i++)
		if (check->asked[i].refused)
			return check->asked[i].queue;
	return NULL;
}

enum binding_answer
binding_check_answered(struct binding_check *check, uint64_t tag, bool multiple)
{
	bool any = false;

	for (size_t i = 0; i < check->count && check->open > 0; i++) {
		if (!is_among(check->asked[i].tag, tag, multiple))
			continue;
		check->asked[i].tag = 0;
		check->open--;
		any = true;
		if (check->asked[i].returned && check->queue == NULL)
			check->queue = check->asked[i].queue;
	}
	if (!any || check->open > 0)
		return BINDING_NO_ANSWER;
	check->has_answer = true;
	check->full = full_queue(check);
	return check->queue == NULL ? BINDING_GOOD : BINDING_LOST;
}
