/* SPDX-License-Identifier: MIT */
/*
 * binding_check.c - mandatory messages to the spare bindings.
 */
#include "producer/binding_check.h"
#include "common/base/xalloc.h"
#include "common/broker/topology.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK_ID "sluice-check:"

void
binding_check_init(struct binding_check *check, const struct settings *settings)
{
	*check = (struct binding_check){
		.interval_ms = settings->producer.check_s * 1000,
		.passive = settings->broker.declare == DECLARE_PASSIVE,
	};
	if (check->interval_ms == 0)
		return;
	check->count = topology_spare_count(settings);
	check->questions = xcalloc(check->count, sizeof(*check->questions));
	for (size_t i = 0; i < check->count; i++) {
		struct binding_question *question = &check->questions[i];
		char key[TOPOLOGY_KEY_MAX];

		question->queue = topology_spare(settings, i, key);
		question->key = xstrdup(key);
		snprintf(question->id, sizeof(question->id), CHECK_ID "%zu", i);
	}
	binding_check_connected(check);
}

void
binding_check_free(struct binding_check *check)
{
	for (size_t i = 0; i < check->count; i++)
		free(check->questions[i].key);
	free(check->questions);
	*check = (struct binding_check){0};
}

/* What went before is answered no more. */
static void
forget_questions(struct binding_check *check)
{
	for (size_t i = 0; i < check->count; i++) {
		check->questions[i].tag = 0;
		check->questions[i].returned = false;
		check->questions[i].refused = false;
	}
	check->open = 0;
	check->queue = NULL;
}

void
binding_check_connected(struct binding_check *check)
{
	forget_questions(check);
	check->is_on = check->count > 0;
	check->full = NULL;
	check->has_answer = false;
	check->is_dirty = true;
	check->next_ms = 0;
}

void
binding_check_published(struct binding_check *check)
{
	check->is_dirty = true;
}

void
binding_check_hurry(struct binding_check *check, int64_t now_ms)
{
	check->next_ms = MIN(check->next_ms, now_ms);
}

int64_t
binding_check_due_ms(const struct binding_check *check)
{
	return check->is_on && check->open == 0 && check->is_dirty ? check->next_ms : INT64_MAX;
}

bool
binding_check_allows(const struct binding_check *check)
{
	return !check->is_lost && (!check->is_on || check->has_answer);
}

bool
binding_check_is_verified(const struct binding_check *check)
{
	return !check->is_on || (!check->is_dirty && check->open == 0 && !check->is_lost);
}

void
binding_check_begin(struct binding_check *check, int64_t now_ms)
{
	forget_questions(check);
	check->next_ms = now_ms + check->interval_ms;
	check->is_dirty = false;
}

struct message
binding_check_message(const struct binding_check *check, size_t i)
{
	struct message message = MESSAGE_INIT;

	message.body = SPAN_LITERAL("");
	message.message_id = span_of(check->questions[i].id);
	message.lines = 0;
	return message;
}

void
binding_check_sent(struct binding_check *check, size_t i, uint64_t tag)
{
	check->questions[i].tag = tag;
	check->open++;
}

bool
binding_check_returned(struct binding_check *check, struct span message_id)
{
	size_t len = sizeof(CHECK_ID) - 1;

	if (message_id.len <= len || memcmp(message_id.ptr, CHECK_ID, len) != 0)
		return false;
	for (size_t i = 0; i < check->count; i++)
		if (span_equals(span_of(check->questions[i].id), message_id))
			check->questions[i].returned = true;
	return true;
}

/* All questions are answered: of several queues the first is named, it is the first to mend. */
static enum binding_answer
conclude(struct binding_check *check, int64_t now_ms)
{
	bool was_lost = check->is_lost;

	check->has_answer = true;
	check->full = NULL;
	for (size_t i = check->count; i-- > 0;) {
		if (check->questions[i].returned)
			check->queue = check->questions[i].queue;
		if (check->questions[i].refused)
			check->full = check->questions[i].queue;
	}
	check->is_lost = check->queue != NULL;
	if (!check->is_lost) {
		check->was_good = true;
		return was_lost ? BINDING_RESTORED : BINDING_GOOD;
	}
	if (check->passive && !check->was_good) {
		check->is_lost = false;
		check->is_on = false;
		return BINDING_UNSUPPORTED;
	}
	check->is_dirty = true; /* ask again */
	check->next_ms = check->passive ? now_ms + BINDING_CHECK_PASSIVE_MS : 0;
	return BINDING_LOST;
}

enum binding_answer
binding_check_answered(struct binding_check *check, uint64_t tag, bool multiple, bool acked,
		       int64_t now_ms)
{
	bool any = false;

	for (size_t i = 0; i < check->count && check->open > 0; i++) {
		struct binding_question *question = &check->questions[i];

		if (question->tag == 0 || question->tag > tag ||
		    (!multiple && question->tag != tag))
			continue;
		question->tag = 0;
		question->refused = !acked;
		check->open--;
		any = true;
	}
	return any && check->open == 0 ? conclude(check, now_ms) : BINDING_NO_ANSWER;
}
