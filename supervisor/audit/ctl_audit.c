/* SPDX-License-Identifier: MIT */
/*
 * ctl_audit.c - `sluicectl audit`: read log files again and prove that each line is a row or a dead
 * letter of each queue, or was one that somebody dropped or edited. The work is audit.c.
 */
#include "supervisor/audit/ctl_audit.h"
#include "clean_worker/log_format.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "supervisor/audit/audit.h"
#include "supervisor/audit/audit_archive.h"
#include "supervisor/audit/audit_report.h"
#include "supervisor/cli/verbs.h"
#include "supervisor/dlq/dlq_reader.h"
#include "supervisor/shared/human.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

enum { DATABASE_TIMEOUT_S = 300, PROGRESS_MS = 200 };

struct audit_options {
	const char *format;  /* NULL = by the inputs of the settings */
	const char *file_id; /* NULL = as the producer names the files */
	char **files;
	unsigned file_count;
};

struct run {
	const struct audit_options *options;
	const struct settings *settings;
	struct audit *audit;
	int64_t bytes_done, bytes_all, next_ms, since_ms;
	uint64_t lines;
	enum stage_id stage; /* whose dead letters are read */
	bool shows;	     /* progress, on a terminal */
};

/* --- progress --- */

static void
show_progress(struct run *run, const char *doing)
{
	int64_t now_ms = clock_mono_ms();
	char count[32];

	if (!run->shows || now_ms < run->next_ms)
		return;
	run->next_ms = now_ms + PROGRESS_MS;
	fprintf(stderr, "\r\033[K%3d %%  %s line%s, %.0f/s  %s",
		run->bytes_all > 0 ? (int)(run->bytes_done * 100 / run->bytes_all) : 100,
		human_count(run->lines, count, sizeof(count)), PLURAL(run->lines),
		(double)run->lines * 1000 / (double)MAX(1, now_ms - run->since_ms), doing);
}

static void
hide_progress(const struct run *run)
{
	if (run->shows)
		fprintf(stderr, "\r\033[K");
}

/* --- reading --- */

static int
log_audit_failure(const struct run *run, const struct failure *failure)
{
	hide_progress(run);
	log_error("%s", failure->text);
	return failure->exit_code;
}

static int
audit_lines_of(struct run *run, struct audit_file *file, unsigned number, const char *format)
{
	int64_t before = run->bytes_done;
	struct audit_line line;
	struct failure failure;
	char why[256];
	int got;

	while ((got = audit_file_next(file, &line)) == 1) {
		if (audit_line(run->audit, number, file->id, span_of(format), &line, &failure) !=
		    OUTCOME_DONE)
			return log_audit_failure(run, &failure);
		run->lines++;
		run->bytes_done = before + MIN(line.offset + line.length, file->size);
		if (run->lines % 1024 == 0)
			show_progress(run, file->path);
	}
	run->bytes_done = before + file->size;
	if (got == 0)
		return 0;
	audit_file_explain(file, errno, why, sizeof(why));
	hide_progress(run);
	log_error("%s: %s", file->path, why);
	return EX_IOERR;
}

static const char *
format_of_log(const struct run *run, const char *path)
{
	if (run->options->format != NULL)
		return run->options->format;
	return audit_file_format(run->settings, path);
}

/*
 * Reading takes its time: every file that cannot be read is named before it begins, also one whose
 * lines have no place without a name of the file.
 */
static int
check_files(const struct run *run)
{
	const struct audit_options *options = run->options;
	int code = 0;

	for (unsigned i = 0; i < options->file_count; i++) {
		struct audit_file file;
		int bad = audit_file_open(&file, options->files[i], NULL);

		if (bad == 0 && audit_file_is_stream(&file) && options->file_id == NULL &&
		    run->settings->identity == IDENTITY_POSITION) {
			log_error("%s: with identity = \"position\" say which file it was: "
				  "--file-id ID, as x-sluice-file of its dead letters says it, or "
				  "the producer's checkpoint",
				  options->files[i]);
			bad = EX_USAGE;
		}
		audit_file_close(&file);
		code = code != 0 ? code : bad;
	}
	return code;
}

static int
check_formats(const struct run *run)
{
	int code = 0;

	for (unsigned i = 0; i < run->options->file_count; i++) {
		if (format_of_log(run, run->options->files[i]) != NULL)
			continue;
		log_error("%s: no input of the settings has this path: say its format with "
			  "--format " SETTINGS_FORMATS,
			  run->options->files[i]);
		code = EX_USAGE;
	}
	return code;
}

static int
audit_log(struct run *run, unsigned number)
{
	const char *path = run->options->files[number], *state_dir = NULL;
	struct audit_file file;
	int code;

	if (run->settings->identity == IDENTITY_POSITION)
		state_dir = run->settings->supervisor.state_dir;
	code = audit_file_open(&file, path, state_dir);
	if (code == 0 && run->options->file_id != NULL)
		snprintf(file.id, sizeof(file.id), "%s", run->options->file_id);
	file.max_line_bytes = run->settings->producer.max_line_bytes;
	if (code == 0)
		code = audit_lines_of(run, &file, number, format_of_log(run, path));
	audit_file_close(&file);
	return code;
}

static bool
note_dead(void *context, const struct delivery *delivery)
{
	struct run *run = context;

	audit_letter(run->audit, run->stage, AUDIT_DEAD, &delivery->message);
	show_progress(run, stage_table[run->stage].dead_queue);
	return true;
}

static void
note_archived(void *context, enum stage_id queue, const struct message *message)
{
	struct run *run = context;

	audit_letter(run->audit, queue, AUDIT_ARCHIVE, message);
	show_progress(run, "archive");
}

static void
log_archive_warning(void *context, const char *text)
{
	hide_progress(context);
	log_warning("%s", text);
}

static int
read_letters(struct run *run)
{
	const struct audit_archive_reader reader = {
		.on_letter = note_archived, .on_warning = log_archive_warning, .context = run};
	struct failure failure;

	for (int q = 0; q < STAGE_COUNT; q++) {
		uint32_t unseen = 0;

		run->stage = (enum stage_id)q;
		if (dlq_reader_each(&run->settings->broker, stage_table[q].dead_queue,
				    "sluicectl audit", note_dead, run, &unseen,
				    &failure) != OUTCOME_DONE)
			return log_audit_failure(run, &failure);
		hide_progress(run);
		if (unseen > 0)
			log_warning("%u dead letter%s of %s in somebody else's hand, not seen: "
				    "what is in there may seem to be missing",
				    unseen, PLURAL(unseen), stage_table[q].dead_queue);
	}
	/* Later: what is dropped meanwhile is in the archive before it leaves its queue. */
	audit_archive_walk(run->settings->supervisor.state_dir, &reader);
	return 0;
}

static int
read_everything(struct run *run, const struct audit_result **result)
{
	struct failure failure;
	struct stat info;
	int code = 0;

	for (unsigned i = 0; i < run->options->file_count; i++)
		if (stat(run->options->files[i], &info) == 0)
			run->bytes_all += info.st_size;
	for (unsigned i = 0; i < run->options->file_count && code == 0; i++)
		code = audit_log(run, i);
	if (code == 0)
		code = read_letters(run);
	if (code != 0)
		return code;
	run->next_ms = 0;
	show_progress(run, "comparing; what is nowhere yet is looked for under other times");
	if (audit_finish(run->audit, result, &failure) != OUTCOME_DONE)
		return log_audit_failure(run, &failure);
	hide_progress(run);
	return 0;
}

/* --- the verb --- */

int
ctl_audit(struct call *call)
{
	const struct audit_result *result = NULL;
	struct audit_options options = {.format = options_text(&call->options, "format"),
					.file_id = options_text(&call->options, "file-id"),
					.files = call->options.words,
					.file_count = (unsigned)call->options.word_count};
	struct failure failure;
	struct run run = {.options = &options};
	struct db *db = NULL;
	int code;

	if (options.format != NULL && log_format_find(span_of(options.format)) == NULL)
		return verbs_usage(call, "\"%s\" is none of the formats " SETTINGS_FORMATS,
				   options.format);
	if (options.file_id != NULL && options.file_count != 1)
		return verbs_usage(call, "--file-id is of one file");
	run.settings = client_settings(call->client);
	code = check_files(&run);
	if (code == 0)
		code = check_formats(&run);
	if (code != 0)
		return code;
	run.shows = isatty(STDERR_FILENO);
	run.since_ms = clock_mono_ms();
	if (db_open(&db, &run.settings->database, DATABASE_TIMEOUT_S, &failure) != OUTCOME_DONE ||
	    db_check_schema(db, &failure) != OUTCOME_DONE ||
	    db_execute(db, "SET autocommit = 1", &failure) != OUTCOME_DONE) {
		db_close(&db);
		return log_audit_failure(&run, &failure);
	}
	run.audit = audit_new(db, run.settings, (size_t)options_number(&call->options, "limit"));
	code = read_everything(&run, &result);
	if (code == 0) {
		output_answer(&call->output,
			      &(struct audit_report){.result = result, .files = options.files},
			      audit_report_json, audit_report_text);
		code = audit_report_missing(result) == 0 ? CTL_OK : CTL_FAILED;
	}
	audit_free(&run.audit);
	db_close(&db);
	return code;
}
