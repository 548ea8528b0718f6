/* SPDX-License-Identifier: MIT */
/*
 * audit_dead.c - look at every dead letter of a queue without taking it away.
 */
#include "supervisor/audit/audit_dead.h"
#include "supervisor/dlq/dlq_reader.h"

struct walk {
	enum stage_id queue;
	audit_dead_fn *take;
	void *context;
};

static bool
audit_dead_take_letter(void *context, const struct delivery *delivery)
{
	const struct walk *walk = context;

	return walk->take(walk->context, walk->queue, &delivery->message);
}

enum outcome
audit_dead_walk(const struct broker_settings *settings, enum stage_id queue, audit_dead_fn *take,
		void *context, uint32_t *unseen, struct failure *failure)
{
	struct walk walk = {.queue = queue, .take = take, .context = context};

	return dlq_reader_each(settings, stage_table[queue].dead_queue, "sluicectl audit",
			       audit_dead_take_letter, &walk, unseen, failure);
}
