/* SPDX-License-Identifier: MIT */
/*
 * audit_dead.c - look at every dead letter of a queue without taking it away.
 */
#include "supervisor/audit_dead.h"
#include "common/log.h"
#include "supervisor/dead_letter_reader.h"

struct walk {
	audit_dead_fn *take;
	void *context;
	enum audit_queue queue;
};

static bool
take_letter(void *context, const struct delivery *delivery)
{
	const struct walk *walk = context;

	return walk->take(walk->context, walk->queue, &delivery->message);
}

enum outcome
audit_dead_walk(const struct broker_settings *settings, enum audit_queue queue, audit_dead_fn *take,
		void *context, struct failure *failure)
{
	struct walk walk = {.take = take, .context = context, .queue = queue};
	const char *name = audit_queue_names[queue].dead_queue;
	uint32_t missing = 0;
	enum outcome outcome;

	outcome = dead_letter_walk(settings, name, "sluicectl audit", take_letter, &walk, &missing,
				   failure);
	if (outcome == OUTCOME_DONE && missing > 0)
		log_warning("%s: %u dead letters are held by somebody else at the moment and were "
			    "not seen",
			    name, missing);
	return outcome;
}
