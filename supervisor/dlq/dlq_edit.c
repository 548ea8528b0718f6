/* SPDX-License-Identifier: MIT */
/*
 * dlq_edit.c - `sluicectl dlq edit`: a letter sent again with another line.
 *
 * The letter is looked up, its line edited while nobody holds the letter, then it is taken by its
 * id, and with it all that are equal to it. The letter as it was goes to the archive, synced,
 * before the new line is published. What was typed in an editor is removed when it has been sent or
 * is no change, and kept in every other case.
 */
#include "common/broker/delivery_json.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "supervisor/dlq/dlq_archive.h"
#include "supervisor/dlq/dlq_editor.h"
#include "supervisor/dlq/dlq_entry.h"
#include "supervisor/dlq/dlq_format.h"
#include "supervisor/dlq/dlq_headers.h"
#include "supervisor/dlq/dlq_id.h"
#include "supervisor/dlq/dlq_interrupt.h"
#include "supervisor/dlq/dlq_move.h"
#include "supervisor/dlq/dlq_validator.h"
#include "supervisor/dlq/dlq_walk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

struct edit {
	char id[DLQ_ID_SIZE];
	char *old, *new;
	size_t old_len, new_len;
	size_t lines;
	char flaw[DLQ_DETAIL_SIZE]; /* why it cannot be sent; "" = it can */
	char *path;		    /* of what is typed in an editor; NULL = nothing is */
	uint64_t found;		    /* equal letters */
	struct delivery *delivery;  /* the first of them, for the look at the new line */
	enum stage_id queue;
};

/* --- the letter --- */

static bool
remember_letter(void *context, const struct dlq_letter *letter, struct delivery **delivery)
{
	struct edit *edit = context;

	if (edit->found++ == 0) {
		dlq_id_text(letter->queue, letter->id, edit->id);
		edit->lines = letter->lines;
		if (letter->flaw != DLQ_NO_FLAW)
			dlq_letter_flaw_text(letter, edit->flaw);
		edit->old_len = letter->line.len;
		edit->old = xcalloc(edit->old_len + 1, 1);
		memcpy(edit->old, letter->line.ptr, edit->old_len);
		edit->queue = letter->queue;
		edit->delivery = *delivery;
		*delivery = NULL;
	}
	return true;
}

static int
archive_original(const struct dlq_run *run, const struct dlq_letter *letter)
{
	char error[512];
	struct dlq_archive *archive = dlq_archive_open(
		run->settings->supervisor.state_dir, letter->queue, "edited", error, sizeof(error));
	json_t *entry;
	int code = CTL_OK;

	if (archive == NULL) {
		log_error("%s", error);
		return -1;
	}
	entry = dlq_entry_new(letter);
	if (dlq_archive_add(archive, entry) != 0 || dlq_archive_sync(archive) != 0) {
		log_error("archive %s: %s", dlq_archive_path(archive), strerror(errno));
		code = -1;
	}
	json_decref(entry);
	dlq_archive_close(&archive);
	return code;
}

static enum outcome
send_edited(struct dlq_move_job *job, const struct dlq_letter *letter, struct failure *failure)
{
	struct edit *edit = job->context;
	struct dlq_run *run = job->run;
	json_t *properties;
	enum outcome outcome;
	char who[256];

	if (archive_original(run, letter) != 0)
		return failure_set(failure, OUTCOME_FATAL, EX_IOERR,
				   "the letter could not be archived; nothing was changed");
	properties = delivery_json_properties(letter->delivery);
	dlq_headers_resend(properties, letter->retries + 1,
			   dlq_format_choose(run->settings, run->format, run->keep_format,
					     &letter->delivery->message));
	dlq_headers_edit(properties, letter->line, dlq_headers_operator(who), time(NULL));
	outcome = dlq_mover_publish(job->mover, stage_table[letter->queue].queue, properties,
				    (struct span){edit->new, edit->new_len}, failure);
	json_decref(properties);
	return outcome;
}

static int
find_letter(struct dlq_run *run, struct edit *edit)
{
	int code = dlq_walk_resolve(run);

	if (code == CTL_OK)
		code = dlq_walk(run, false, remember_letter, edit);
	if (code == CTL_OK && edit->found == 0) {
		log_error("there is no such letter (any more)");
		code = EX_DATAERR;
	}
	if (code == CTL_OK && edit->flaw[0] != '\0') {
		log_error("%s stays where it is: %s", edit->id, edit->flaw);
		code = EX_DATAERR;
	}
	if (code == CTL_OK && edit->lines != 1) {
		log_error("this letter is a frame of %zu lines: sluicectl dlq retry --split first",
			  edit->lines);
		code = EX_DATAERR;
	}
	if (code == CTL_OK && edit->found > 1)
		log_warning("%" PRIu64
			    " equal letters have the id %s, as of a line that was read more "
			    "than once: all of them get the new line",
			    edit->found, edit->id);
	run->selected = 0;
	return code;
}

/* --- the new line --- */

static bool
is_unchanged(const struct edit *edit)
{
	return edit->new_len == edit->old_len && memcmp(edit->new, edit->old, edit->old_len) == 0;
}

static bool
is_empty_line(const struct edit *edit)
{
	return edit->new_len == 0 || (edit->new_len == 1 && edit->new[0] == '\r');
}

static bool
ends_in_cr(const char *text, size_t len)
{
	return len > 0 && text[len - 1] == '\r';
}

/* From a file: of an editor that ends lines with CR LF the CR is not the line's. */
static int
read_line(const char *path, struct edit *edit)
{
	if (dlq_editor_read(path, &edit->new, &edit->new_len) != 0)
		return EX_NOINPUT;
	if (ends_in_cr(edit->new, edit->new_len) && !ends_in_cr(edit->old, edit->old_len))
		edit->new_len--;
	return CTL_OK;
}

static int
edit_in_editor(struct edit *edit)
{
	int ran;

	edit->path = dlq_editor_write((struct span){edit->old, edit->old_len});
	if (edit->path == NULL)
		return EX_CANTCREAT;
	ran = dlq_editor_run(edit->path);
	/* also when it failed: something may have been typed and saved */
	if (read_line(edit->path, edit) != CTL_OK)
		return EX_NOINPUT;
	return ran == 0 ? CTL_OK : CTL_FAILED;
}

static int
make_new_line(const struct dlq_run *run, struct edit *edit)
{
	int code = CTL_OK;

	if (run->set_line != NULL) {
		edit->new = xstrdup(run->set_line);
		edit->new_len = strlen(edit->new);
	} else if (run->line_file != NULL) {
		code = read_line(run->line_file, edit);
	} else {
		code = edit_in_editor(edit);
	}
	if (code != CTL_OK)
		return code;
	if (is_unchanged(edit)) {
		log_error("the line is as it was; nothing was changed");
		return CTL_FAILED;
	}
	if (is_empty_line(edit)) {
		log_error("the new line is empty: drop the letter instead (sluicectl dlq drop %s); "
			  "nothing was changed",
			  edit->id);
		return EX_DATAERR;
	}
	if (memchr(edit->new, '\n', edit->new_len) != NULL) {
		log_error("more than one line; nothing was changed");
		return EX_DATAERR;
	}
	return CTL_OK;
}

/* It is sent all the same: who edits may know of settings that this machine does not have. */
static void
warn_if_it_fails(const struct dlq_run *run, struct edit *edit)
{
	struct dlq_validator *validator =
		dlq_validator_new(run->settings, edit->queue, run->format, run->keep_format);
	char detail[DLQ_DETAIL_SIZE] = "";
	const char *reason = "";

	edit->delivery->message.body = (struct span){edit->new, edit->new_len};
	if (dlq_validator_check(validator, &edit->delivery, &reason, detail) > 0)
		log_warning("today's parser does not take the new line, so it will come back: "
			    "%s: %s",
			    reason, detail);
	dlq_validator_free(&validator);
}

/* To all that were found, or to all that were left of them. */
static bool
is_sent(const struct dlq_run *run, const struct edit *edit)
{
	return run->moved > 0 && (run->moved >= edit->found ||
				  (run->moved == run->selected && !dlq_interrupt_seen()));
}

/* Remove what was typed, or say where it is. */
static void
remove_or_report_file(const struct dlq_run *run, const struct edit *edit)
{
	if (edit->path == NULL)
		return;
	if (is_sent(run, edit) ||
	    (edit->new != NULL && (is_empty_line(edit) || is_unchanged(edit)))) {
		unlink(edit->path);
		return;
	}
	/* editors may have made a new file; or none, then there is nothing to keep */
	if (chmod(edit->path, S_IRUSR | S_IWUSR) != 0)
		return;
	log_error("what was typed is kept in %s", edit->path);
	log_error("to send it: sluicectl -c '%s' dlq edit %s%s%s%s --line-file '%s'",
		  run->call->client->settings_path, edit->id,
		  run->format != NULL ? " --format " : "", run->format != NULL ? run->format : "",
		  run->keep_format ? " --keep-format" : "", edit->path);
}

int
dlq_edit(struct dlq_run *run)
{
	static const struct dlq_move_ops ops = {.publishes = true, .handle = send_edited};
	struct edit edit = {.found = 0};
	int code;

	if (!run->select.by_id || dlq_select_id_count(&run->select) != 1)
		return verbs_usage(run->call, "one id is needed");
	if (run->set_line != NULL && run->line_file != NULL)
		return verbs_usage(run->call, "--set-line or --line-file, not both");
	code = find_letter(run, &edit);
	if (code == CTL_OK) {
		/* from here on something may be typed: an interrupt is not the end of it */
		dlq_interrupt_catch();
		code = make_new_line(run, &edit);
	}
	if (code == CTL_OK) {
		warn_if_it_fails(run, &edit);
		code = dlq_move_report(run, "sent again with another line",
				       dlq_move(run, &ops, &edit));
	}
	remove_or_report_file(run, &edit);
	delivery_free(&edit.delivery);
	free(edit.old);
	free(edit.new);
	free(edit.path);
	return code;
}
