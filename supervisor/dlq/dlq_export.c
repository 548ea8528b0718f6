/* SPDX-License-Identifier: MIT */
/*
 * dlq_export.c - `sluicectl dlq drop` and `export`: letters into files.
 */
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "supervisor/dlq/dlq_csv.h"
#include "supervisor/dlq/dlq_entry.h"
#include "supervisor/dlq/dlq_id.h"
#include "supervisor/dlq/dlq_time.h"
#include "supervisor/dlq/dlq_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

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
		stage_table[letter->queue].name,
		letter->when_s != 0 ? dlq_time_text(letter->when_s, when) : "");
	dlq_csv_print(out, letter->reason);
	fputc(',', out);
	dlq_csv_print(out, letter->detail);
	fputc(',', out);
	dlq_csv_print(out, message->source.ptr != NULL ? message->source : SPAN_LITERAL(""));
	if (message->offset >= 0)
		fprintf(out, ",%" PRId64, message->offset);
	else
		fputc(',', out);
	fprintf(out, ",%zu,%" PRId64 ",%s,", letter->lines, letter->retries,
		letter->held ? "yes" : "no");
	dlq_csv_print(out, letter->line);
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

		export->failed = dlq_entry_print(export->out, entry) != 0;
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
	struct export export = {.run = run, .out = run->call->output.stream};
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
	dlq_walk_report_empty(run, code);
	if (run->out != NULL && code == CTL_OK)
		output_note(&run->call->output, "%" PRIu64 " letters written to %s\n",
			    run->selected, run->out);
	return code;
}
