/* SPDX-License-Identifier: MIT */
/*
 * dlq_export.c - `sluicectl dlq drop` and `export`: letters into files.
 */
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "supervisor/dlq/dlq.h"
#include "supervisor/dlq/dlq_archive.h"
#include "supervisor/dlq/dlq_text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

enum { SYNC_LETTERS = 500, SYNC_BYTES = 4 << 20 };

/* --- drop --- */

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
sync_and_ack(struct dlq_job *job, struct failure *failure)
{
	struct drop *drop = job->context;

	if (drop->archive == NULL || drop->count == 0)
		return OUTCOME_DONE;
	if (dlq_archive_sync(drop->archive) != 0)
		return archive_failed(drop, failure);
	for (size_t i = 0; i < drop->count; i++) {
		if (dead_letter_reader_ack(job->reader, drop->tags[i], failure) != OUTCOME_DONE)
			return failure->outcome;
		job->run->moved++;
	}
	drop->count = drop->bytes = 0;
	return OUTCOME_DONE;
}

static enum outcome
drop_letter(struct dlq_job *job, const struct dlq_letter *letter, struct failure *failure)
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
finish_drop(struct dlq_job *job, struct failure *failure)
{
	struct drop *drop = job->context;
	enum outcome outcome = sync_and_ack(job, failure);

	if (drop->archive != NULL && !job->run->json)
		printf("archive: %s\n", dlq_archive_path(drop->archive));
	dlq_archive_close(&drop->archive);
	return outcome;
}

static int
check_confirmed(struct dlq_run *run)
{
	const struct dlq_select *s = &run->select;
	enum dlq_queue queue;

	if (s->by_id && s->all)
		return dlq_usage(run, "ids or --all, not both");
	if (s->by_id || dlq_select_filters(s))
		return CTL_OK;
	if (!s->all)
		return dlq_usage(run, "which letters? ids, a group, or --all --confirm QUEUE");
	/* in full: whoever writes it has looked at which queue it is */
	if (run->confirm == NULL || dlq_queue_find(run->confirm, &queue) != 0 ||
	    strcmp(run->confirm, dlq_queues[queue].dead) != 0)
		return dlq_usage(run, "--all wants --confirm with the name of the queue: %s or %s",
				 dlq_queues[DLQ_LAKE].dead, dlq_queues[DLQ_CLEAN].dead);
	for (size_t i = 0; i < DLQ_QUEUES; i++)
		if (s->queue[i] && i != queue)
			return dlq_usage(run, "--confirm %s is another queue than the one named",
					 run->confirm);
	run->select.queue[queue] = true;
	return CTL_OK;
}

int
dlq_drop(struct dlq_run *run)
{
	static const struct dlq_move_ops ops = {.take = drop_letter, .finish = finish_drop};
	struct drop *drop = xcalloc(1, sizeof(*drop));
	int code = check_confirmed(run);

	if (code == CTL_OK)
		code = dlq_resolve(run);
	if (code == CTL_OK) {
		run->selected = 0;
		dlq_catch_interrupt();
		code = dlq_report(run, "moved to the archive", dlq_move(run, &ops, drop));
	}
	dlq_archive_close(&drop->archive);
	free(drop);
	return code;
}

/* --- export --- */

struct export
{
	const struct dlq_run *run;
	FILE *out;
	bool has_head, failed;
};

static const char csv_head[] =
	"id,queue,when,reason,detail,source,offset,lines,retries,held,line\n";

static void
write_csv(FILE *out, const struct dlq_letter *letter)
{
	const struct message *message = &letter->delivery->message;
	char id[DLQ_ID_SIZE], when[32];

	fprintf(out, "%s,%s,%s,", dlq_id_text(letter->queue, letter->id, id),
		dlq_queues[letter->queue].name,
		letter->when_s != 0 ? dlq_utc_time(letter->when_s, when) : "");
	dlq_print_csv(out, letter->reason);
	fputc(',', out);
	dlq_print_csv(out, letter->detail);
	fputc(',', out);
	dlq_print_csv(out, message->source.ptr != NULL ? message->source : SPAN_LITERAL(""));
	if (message->offset >= 0)
		fprintf(out, ",%" PRId64, message->offset);
	else
		fputc(',', out);
	fprintf(out, ",%zu,%" PRId64 ",%s,", letter->lines, letter->retries,
		letter->held ? "yes" : "no");
	dlq_print_csv(out, letter->line);
	fputc('\n', out);
}

static void
write_head(struct export *export)
{
	if (!export->has_head)
		fputs(csv_head, export->out);
	export->has_head = true;
}

static bool
export_letter(void *context, const struct dlq_letter *letter, struct delivery **delivery UNUSED)
{
	struct export *export = context;

	if (export->run->csv) {
		write_head(export);
		write_csv(export->out, letter);
	} else {
		json_t *entry = dlq_entry_new(letter);

		export->failed = dlq_json_line(export->out, entry) != 0;
		json_decref(entry);
	}
	export->failed = export->failed || ferror(export->out);
	return !export->failed;
}

static FILE *
open_export(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd >= 0 ? fdopen(fd, "wb") : NULL;
}

int
dlq_export(struct dlq_run *run)
{
	struct export export = {.run = run, .out = stdout};
	int code;

	run->select.with_held = true;
	if (run->out != NULL && (export.out = open_export(run->out)) == NULL) {
		log_error("%s: %s (an export overwrites nothing)", run->out, strerror(errno));
		return EX_CANTCREAT;
	}
	code = dlq_walk(run, false, export_letter, &export);
	if (run->csv && code == CTL_OK)
		write_head(&export);
	if (fflush(export.out) != 0 || export.failed ||
	    (run->out != NULL && (fsync(fileno(export.out)) != 0 || fclose(export.out) != 0))) {
		log_error("%s: %s", run->out != NULL ? run->out : "standard output",
			  strerror(errno));
		return EX_IOERR;
	}
	/* An empty file would be in the way of the next try. */
	if (run->out != NULL && code != CTL_OK && run->selected == 0)
		unlink(run->out);
	dlq_say_nothing_found(run, code);
	if (run->out != NULL && code == CTL_OK)
		printf("%" PRIu64 " letters written to %s\n", run->selected, run->out);
	return code;
}
