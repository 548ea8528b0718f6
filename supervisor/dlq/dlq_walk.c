/* SPDX-License-Identifier: MIT */
/*
 * dlq_walk.c - the walk under the verbs of `sluicectl dlq` that look: each letter of the queues
 * that are wanted, none of them changed.
 */
#include "supervisor/dlq/dlq_walk.h"
#include "common/base/log.h"
#include "supervisor/dlq/dlq_reader.h"

#include <sysexits.h>

int
dlq_walk_log_failure(const struct failure *failure)
{
	log_error("%s", failure->text);
	return failure->exit_code != 0 ? failure->exit_code : CTL_FAILED;
}

struct walk {
	struct dlq_run *run;
	bool unfiltered;
	dlq_walk_fn *visit;
	void *context;
	enum stage_id queue;
};

/* Returns false when the walk is over. */
static bool
walk_letter(struct walk *walk, struct delivery **delivery)
{
	struct dlq_run *run = walk->run;
	struct dlq_letter letter;

	dlq_letter_read(run->md5, walk->queue, *delivery, &letter);
	if (!walk->unfiltered && !dlq_select_matches(&run->select, &letter))
		return true;
	run->selected++;
	if (!walk->visit(walk->context, &letter, delivery))
		return false;
	return run->limit == 0 || run->selected < (uint64_t)run->limit;
}

static void
warn_of_missing(const struct dlq_reader *reader, enum stage_id queue)
{
	if (dlq_reader_missing(reader) > 0 || dlq_reader_has_other_consumers(reader))
		log_warning("%s: somebody else reads these dead letters now; those that they hold "
			    "are not seen here",
			    stage_table[queue].dead_queue);
}

static int
walk_queue(struct walk *walk, bool *more)
{
	struct dlq_reader *reader;
	struct delivery *delivery = NULL;
	struct failure failure;
	bool end = false;
	int code = CTL_OK;

	if (dlq_reader_open(&reader, &walk->run->settings->broker,
			    stage_table[walk->queue].dead_queue, "sluicectl dlq",
			    &failure) != OUTCOME_DONE)
		return dlq_walk_log_failure(&failure);
	while (*more && !end) {
		if (dlq_reader_next(reader, &delivery, &end, &failure) != OUTCOME_DONE) {
			code = dlq_walk_log_failure(&failure);
			break;
		}
		if (delivery != NULL)
			*more = walk_letter(walk, &delivery);
		else if (!end)
			dlq_reader_wait(reader);
		delivery_free(&delivery);
	}
	if (code == CTL_OK && !end)
		dlq_reader_preserve_order(reader);
	warn_of_missing(reader, walk->queue);
	dlq_reader_close(&reader);
	return code;
}

int
dlq_walk(struct dlq_run *run, bool unfiltered, dlq_walk_fn *visit, void *context)
{
	struct walk walk = {
		.run = run, .unfiltered = unfiltered, .visit = visit, .context = context};
	bool more = true;
	int code = CTL_OK;

	run->selected = 0;
	for (size_t i = 0; i < STAGE_COUNT && code == CTL_OK && more; i++) {
		walk.queue = (enum stage_id)i;
		if (dlq_select_wants_queue(&run->select, walk.queue))
			code = walk_queue(&walk, &more);
	}
	return code;
}

void
dlq_walk_report_empty(const struct dlq_run *run, int code)
{
	if (code != CTL_OK || run->selected > 0 || run->call->output.json || run->ids_only)
		return;
	if (run->select.by_id || dlq_select_has_filters(&run->select))
		log_warning("no letter matches");
	else
		log_warning("there are no dead letters");
}

static bool
note_prefix(void *context, const struct dlq_letter *letter, struct delivery **delivery UNUSED)
{
	dlq_select_note_prefix(context, letter);
	return true;
}

int
dlq_walk_resolve(struct dlq_run *run)
{
	int64_t limit = run->limit;
	char error[256];
	int code = CTL_OK;

	if (run->select.prefix_count > 0) {
		run->limit = 0;
		code = dlq_walk(run, true, note_prefix, &run->select);
		run->limit = limit;
	}
	if (code == CTL_OK && dlq_select_resolve(&run->select, error, sizeof(error)) != 0) {
		log_error("%s", error);
		code = EX_DATAERR;
	}
	return code;
}
