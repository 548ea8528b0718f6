/* SPDX-License-Identifier: MIT */
/*
 * dlq_drop.c - `sluicectl dlq drop`: letters moved to the archive.
 */
#include "common/base/xalloc.h"
#include "supervisor/dlq/dlq_archive.h"
#include "supervisor/dlq/dlq_entry.h"
#include "supervisor/dlq/dlq_interrupt.h"
#include "supervisor/dlq/dlq_move.h"
#include "supervisor/dlq/dlq_walk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { SYNC_LETTERS = 500, SYNC_BYTES = 4 << 20 };

struct drop {
	struct dlq_archive *archive;
	uint64_t tags[SYNC_LETTERS]; /* written, not yet synced */
	size_t count, bytes;
};

static enum outcome
archive_failed(const struct drop *drop, struct failure *failure)
{
	return failure_set(failure, OUTCOME_FATAL, EX_IOERR,
			   "archive %s: %s; what is not safe there is still in the queue",
			   dlq_archive_path(drop->archive), strerror(errno));
}

static enum outcome
sync_and_ack(struct dlq_move_job *job, struct failure *failure)
{
	struct drop *drop = job->context;

	if (drop->archive == NULL || drop->count == 0)
		return OUTCOME_DONE;
	if (dlq_archive_sync(drop->archive) != 0)
		return archive_failed(drop, failure);
	for (size_t i = 0; i < drop->count; i++) {
		if (dlq_reader_ack(job->reader, drop->tags[i], failure) != OUTCOME_DONE)
			return failure->outcome;
		job->run->moved++;
	}
	drop->count = drop->bytes = 0;
	return OUTCOME_DONE;
}

static enum outcome
drop_letter(struct dlq_move_job *job, const struct dlq_letter *letter, struct failure *failure)
{
	struct drop *drop = job->context;
	char error[512];
	json_t *entry;
	int added;

	if (drop->archive == NULL)
		drop->archive = dlq_archive_open(job->run->settings->supervisor.state_dir,
						 letter->queue, "dropped", error, sizeof(error));
	if (drop->archive == NULL)
		return failure_set(failure, OUTCOME_FATAL, EX_CANTCREAT, "%.500s", error);
	entry = dlq_entry_new(letter);
	added = dlq_archive_add(drop->archive, entry);
	json_decref(entry);
	if (added != 0)
		return archive_failed(drop, failure);
	drop->tags[drop->count++] = letter->delivery->tag;
	drop->bytes += letter->delivery->message.body.len;
	if (drop->count == SYNC_LETTERS || drop->bytes >= SYNC_BYTES)
		return sync_and_ack(job, failure);
	return OUTCOME_DONE;
}

static enum outcome
finish_drop(struct dlq_move_job *job, struct failure *failure)
{
	struct drop *drop = job->context;
	enum outcome outcome = sync_and_ack(job, failure);

	if (drop->archive != NULL)
		output_note(&job->run->call->output, "archive: %s\n",
			    dlq_archive_path(drop->archive));
	dlq_archive_close(&drop->archive);
	return outcome;
}

/* "queue-data-lake.dead or queue-data-clean.dead" */
static const char *
names_of_queues(char *out, size_t out_size)
{
	size_t len = 0;

	for (size_t i = 0; i < STAGE_COUNT && len < out_size; i++)
		len += (size_t)snprintf(out + len, out_size - len, "%s%s", i > 0 ? " or " : "",
					stage_table[i].dead_queue);
	return out;
}

static int
check_confirmed(struct dlq_run *run)
{
	const struct dlq_select *s = &run->select;
	enum stage_id queue;
	char names[256];

	if (s->by_id && s->all)
		return verbs_usage(run->call, "ids or --all, not both");
	if (s->by_id || dlq_select_has_filters(s))
		return CTL_OK;
	if (!s->all)
		return verbs_usage(run->call,
				   "which letters? ids, a group, or --all --confirm QUEUE");
	/* in full: whoever writes it has looked at which queue it is */
	if (run->confirm == NULL || stage_find(run->confirm, &queue) != 0 ||
	    strcmp(run->confirm, stage_table[queue].dead_queue) != 0)
		return verbs_usage(run->call,
				   "--all wants --confirm with the name of the queue: %s",
				   names_of_queues(names, sizeof(names)));
	for (size_t i = 0; i < STAGE_COUNT; i++)
		if (s->queue[i] && i != queue)
			return verbs_usage(run->call,
					   "--confirm %s is another queue than the one named",
					   run->confirm);
	run->select.queue[queue] = true;
	return CTL_OK;
}

int
dlq_drop(struct dlq_run *run)
{
	static const struct dlq_move_ops ops = {.handle = drop_letter, .finish = finish_drop};
	struct drop *drop = xcalloc(1, sizeof(*drop));
	int code = check_confirmed(run);

	if (code == CTL_OK)
		code = dlq_walk_resolve(run);
	if (code == CTL_OK) {
		run->selected = 0;
		dlq_interrupt_catch();
		code = dlq_move_report(run, "moved to the archive", dlq_move(run, &ops, drop));
	}
	dlq_archive_close(&drop->archive);
	free(drop);
	return code;
}
