/* SPDX-License-Identifier: MIT */
/*
 * ctl_dlq_edit.c - `sluicectl dlq edit`: a letter sent again with another line.
 *
 * The letter is looked up, its line edited while nobody holds the letter, then it is taken by its
 * id. The letter as it was goes to the archive, synced, before the new line is published.
 */
#include "common/broker_whole.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "ctl_dlq.h"
#include "dlq_again.h"
#include "dlq_archive.h"
#include "dlq_today.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 64 << 20 };

struct edit {
	char *old, *new;
	size_t old_len, new_len;
	size_t lines;
	bool found, sent;
};

/* --- the editor --- */

static int
run_editor(const char *path)
{
	const char *editor = getenv("VISUAL");
	char *command;
	int status;
	pid_t pid;

	if (editor == NULL || editor[0] == '\0')
		editor = getenv("EDITOR");
	if (editor == NULL || editor[0] == '\0')
		editor = "vi";
	command = xasprintf("%s \"$1\"", editor);
	pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", command, "sh", path, (char *)NULL);
		_exit(127);
	}
	free(command);
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != 0) {
		log_error("editor \"%s\" failed; nothing was changed", editor);
		return CTL_FAILED;
	}
	return CTL_OK;
}

static int
read_back(const char *path, struct edit *edit)
{
	FILE *file = fopen(path, "rb");
	char *text = NULL;
	size_t len = 0;
	FILE *memory = open_memstream(&text, &len);
	int c;

	if (file == NULL || memory == NULL)
		fatal("%s: %s", path, strerror(errno));
	for (size_t n = 0; n < LINE_BYTES_MAX && (c = fgetc(file)) != EOF; n++)
		fputc(c, memory);
	fclose(file);
	fclose(memory);
	if (len > 0 && text[len - 1] == '\n')
		len--;
	edit->new = text;
	edit->new_len = len;
	return CTL_OK;
}

static int
edit_in_editor(struct edit *edit)
{
	const char *folder = getenv("TMPDIR");
	char *path = xasprintf("%s/sluice-letter-XXXXXX",
			       folder != NULL && folder[0] != '\0' ? folder : "/tmp");
	int fd = mkstemp(path), code; /* mode 0600 */
	FILE *file = fd >= 0 ? fdopen(fd, "wb") : NULL;

	if (file == NULL || fwrite(edit->old, 1, edit->old_len, file) != edit->old_len ||
	    fputc('\n', file) == EOF || fclose(file) != 0) {
		log_error("%s: %s", path, strerror(errno));
		free(path);
		return EX_CANTCREAT;
	}
	code = run_editor(path);
	if (code == CTL_OK)
		code = read_back(path, edit);
	unlink(path);
	free(path);
	return code;
}

/* --- the letter --- */

static bool
keep_line(void *context, const struct dlq_letter *letter, struct delivery **delivery UNUSED)
{
	struct edit *edit = context;

	if (!edit->found) {
		edit->found = true;
		edit->lines = letter->lines;
		edit->old_len = letter->line.len;
		edit->old = xcalloc(edit->old_len + 1, 1);
		memcpy(edit->old, letter->line.ptr, edit->old_len);
	}
	return false;
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
send_edited(struct dlq_job *job, const struct dlq_letter *letter, struct failure *failure)
{
	struct edit *edit = job->context;
	struct dlq_run *run = job->run;
	json_t *properties;
	enum outcome outcome;
	char who[256];

	if (archive_original(run, letter) != 0)
		return failure_set(failure, OUTCOME_FATAL, EX_IOERR,
				   "the letter could not be archived; nothing was changed");
	properties = delivery_properties(letter->delivery);
	dlq_again_prepare(properties, letter->retries + 1,
			  dlq_today_format(run->settings, run->format, run->keep_format,
					   &letter->delivery->message));
	dlq_again_edited(properties, letter->line, dlq_again_who(who), time(NULL));
	outcome = dlq_mover_publish(job->mover, dlq_queues[letter->queue].origin, properties,
				    (struct span){edit->new, edit->new_len}, failure);
	json_decref(properties);
	edit->sent = outcome == OUTCOME_DONE;
	return outcome;
}

/* Of equal letters one is edited. */
static bool
is_done(struct dlq_job *job, const struct dlq_letter *letter UNUSED)
{
	return ((const struct edit *)job->context)->sent;
}

static int
make_new_line(struct dlq_run *run, struct edit *edit)
{
	if (run->set_line != NULL) {
		edit->new = xstrdup(run->set_line);
		edit->new_len = strlen(edit->new);
	} else if (edit_in_editor(edit) != CTL_OK) {
		return CTL_FAILED;
	}
	if (memchr(edit->new, '\n', edit->new_len) != NULL) {
		log_error("more than one line; nothing was changed");
		return EX_DATAERR;
	}
	if (edit->new_len == edit->old_len && memcmp(edit->new, edit->old, edit->old_len) == 0) {
		log_error("the line is as it was; nothing was changed");
		return CTL_FAILED;
	}
	return CTL_OK;
}

static int
look_up(struct dlq_run *run, struct edit *edit)
{
	int code = dlq_resolve(run);

	if (code == CTL_OK)
		code = dlq_walk(run, false, keep_line, edit);
	if (code == CTL_OK && !edit->found) {
		log_error("there is no such letter (any more)");
		code = EX_DATAERR;
	}
	if (code == CTL_OK && edit->lines != 1) {
		log_error("this letter is a frame of %zu lines: sluicectl dlq retry --split first",
			  edit->lines);
		code = EX_DATAERR;
	}
	run->selected = 0;
	return code;
}

int
dlq_edit(struct dlq_run *run)
{
	static const struct dlq_move_ops ops = {
		.publishes = true, .take = send_edited, .skips = is_done};
	struct edit edit = {.found = false};
	int code;

	if (!run->select.by_id || run->select.ids[DLQ_LAKE].count +
						  run->select.ids[DLQ_CLEAN].count +
						  run->select.prefix_count !=
					  1)
		return dlq_usage(run, "one id is needed");
	code = look_up(run, &edit);
	if (code == CTL_OK)
		code = make_new_line(run, &edit);
	if (code == CTL_OK) {
		run->limit = 1;
		dlq_catch_interrupt();
		code = dlq_report(run, "sent again with another line", dlq_move(run, &ops, &edit));
	}
	free(edit.old);
	free(edit.new);
	return code;
}
