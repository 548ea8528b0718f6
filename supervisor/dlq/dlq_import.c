/* SPDX-License-Identifier: MIT */
/*
 * dlq_import.c - `sluicectl dlq import` and `restore`: letters from files back into their queues.
 *
 * Nothing is taken out of a file before everything that was published is confirmed; an archive is
 * then written anew without the restored entries, synced, and renamed over the old one.
 */
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "supervisor/dlq/dlq_archive.h"
#include "supervisor/dlq/dlq_entry.h"
#include "supervisor/dlq/dlq_interrupt.h"
#include "supervisor/dlq/dlq_known_ids.h"
#include "supervisor/dlq/dlq_move.h"
#include "supervisor/dlq/dlq_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

enum { ERRORS_LOGGED_MAX = 10 };

struct import {
	struct dlq_run *run;
	struct dlq_mover *mover;
	struct dlq_known_ids *known_ids; /* NULL with --again */
	const char *path;
	unsigned char *done; /* a bit per line of the file: it is in its queue */
	size_t line, done_size;
	uint64_t already_there, malformed;
};

/* --- what is there already --- */

static bool
note_known_id(void *context, const struct dlq_letter *letter, struct delivery **delivery UNUSED)
{
	dlq_known_ids_add(context, letter->queue, letter->id);
	return true;
}

static int
read_known_ids(struct import *import)
{
	struct dlq_run *run = import->run;
	struct dlq_run walk = {.call = run->call, .settings = run->settings, .md5 = run->md5};

	if (run->allow_duplicates)
		return CTL_OK;
	import->known_ids = dlq_known_ids_new();
	return dlq_walk(&walk, true, note_known_id, import->known_ids);
}

/* --- lines of the file --- */

static void
mark_done(struct import *import)
{
	size_t byte = import->line / 8;

	if (byte >= import->done_size) {
		size_t size = MAX((size_t)4096, import->done_size * 2);

		import->done = xreallocarray(import->done, size, 1);
		memset(import->done + import->done_size, 0, size - import->done_size);
		import->done_size = size;
	}
	import->done[byte] |= (unsigned char)(1u << import->line % 8);
}

static bool
is_done(const struct import *import, size_t line)
{
	return line / 8 < import->done_size && (import->done[line / 8] >> line % 8 & 1) != 0;
}

static bool
is_wanted(const struct import *import, const struct dlq_entry *entry, uint64_t id)
{
	struct dlq_letter letter = {.queue = entry->queue, .id = id};

	return !import->run->select.by_id || dlq_select_matches(&import->run->select, &letter);
}

static enum outcome
publish_entry(struct import *import, const struct dlq_entry *entry, struct failure *failure)
{
	enum outcome outcome;

	dlq_mover_begin(import->mover, 0);
	outcome = dlq_mover_publish(import->mover, stage_table[entry->queue].dead_queue,
				    entry->properties, (struct span){entry->body, entry->body_len},
				    failure);
	if (outcome == OUTCOME_REJECT) {
		import->run->failed++;
		if (import->run->failed <= ERRORS_LOGGED_MAX)
			log_error("%s:%zu: %s", import->path, import->line + 1, failure->text);
		outcome = OUTCOME_DONE;
	} else if (outcome == OUTCOME_DONE) {
		mark_done(import);
	}
	if (outcome != OUTCOME_DONE)
		return outcome;
	return dlq_mover_end(import->mover, failure);
}

static enum outcome
import_line(struct import *import, const char *line, size_t len, struct failure *failure)
{
	struct dlq_run *run = import->run;
	struct dlq_entry entry;
	enum outcome outcome = OUTCOME_DONE;
	char error[256];
	uint64_t id;

	if (dlq_entry_parse(line, len, &entry, error, sizeof(error)) != 0) {
		import->malformed++;
		if (import->malformed <= ERRORS_LOGGED_MAX)
			log_error("%s:%zu: %s", import->path, import->line + 1, error);
		return OUTCOME_DONE;
	}
	id = dlq_entry_id(run->md5, &entry);
	if (is_wanted(import, &entry, id)) {
		if (import->known_ids != NULL &&
		    dlq_known_ids_remove(import->known_ids, entry.queue, id)) {
			import->already_there++;
			mark_done(import);
		} else {
			run->selected++;
			if (!run->dry_run)
				outcome = publish_entry(import, &entry, failure);
		}
	}
	dlq_entry_free(&entry);
	return outcome;
}

static enum outcome
import_lines(struct import *import, FILE *file, struct failure *failure)
{
	enum outcome outcome = OUTCOME_DONE;
	char *line = NULL;
	size_t size = 0;
	ssize_t len = 0;

	for (import->line = 0; outcome == OUTCOME_DONE && !dlq_interrupt_seen() &&
			       (len = getline(&line, &size, file)) >= 0;
	     import->line++)
		if (strspn(line, " \t\r\n") < (size_t)len)
			outcome = import_line(import, line, (size_t)len, failure);
	if (len < 0 && ferror(file) && outcome == OUTCOME_DONE)
		outcome = failure_set(failure, OUTCOME_FATAL, EX_NOINPUT, "%s: %s", import->path,
				      strerror(errno));
	free(line);
	return outcome;
}

static int
import_file(struct import *import, FILE *file)
{
	struct failure failure;
	enum outcome outcome = OUTCOME_DONE;
	int code = read_known_ids(import);

	if (code != CTL_OK)
		return code;
	if (!import->run->dry_run)
		outcome = dlq_mover_open(&import->mover, &import->run->settings->broker, NULL,
					 "sluicectl dlq, publishing", &failure);
	if (outcome == OUTCOME_DONE)
		outcome = import_lines(import, file, &failure);
	if (outcome == OUTCOME_DONE && import->mover != NULL)
		outcome = dlq_mover_finish(import->mover, &failure);
	if (outcome != OUTCOME_DONE)
		code = dlq_walk_log_failure(&failure);
	if (import->mover != NULL) {
		import->run->moved = dlq_mover_moved(import->mover);
		import->run->unconfirmed = dlq_mover_unconfirmed(import->mover);
	}
	dlq_mover_close(&import->mover);
	return code;
}

static int
report(struct import *import, const char *done, int code)
{
	if (import->already_there > 0)
		output_note(&import->run->call->output,
			    "%" PRIu64 " letters are in their queue already\n",
			    import->already_there);
	import->run->select.by_id = import->run->select.by_id && import->already_there == 0;
	code = dlq_move_report(import->run, done, code);
	if (import->malformed > 0)
		log_error("%s: %" PRIu64 " lines are no letters", import->path, import->malformed);
	return code == CTL_OK && import->malformed > 0
		       ? (import->run->moved + import->already_there > 0 ? CTL_PARTLY : EX_DATAERR)
		       : code;
}

static void
free_import(struct import *import)
{
	dlq_known_ids_free(&import->known_ids);
	free(import->done);
}

/* --- import --- */

int
dlq_import(struct dlq_run *run)
{
	struct import import = {.run = run};
	FILE *file = stdin;
	int code;

	if (run->file == NULL)
		return verbs_usage(run->call, "a file is needed, or - for standard input");
	import.path = run->file;
	if (strcmp(import.path, "-") != 0 && (file = fopen(import.path, "rb")) == NULL) {
		log_error("%s: %s", import.path, strerror(errno));
		return EX_NOINPUT;
	}
	dlq_interrupt_catch();
	code = report(&import, "put into their queue", import_file(&import, file));
	if (file != stdin)
		fclose(file);
	free_import(&import);
	return code;
}

/* --- restore --- */

static int
copy_others(const struct import *import, FILE *in, FILE *out, uint64_t *kept)
{
	char *line = NULL;
	size_t size = 0, number = 0;
	ssize_t len;
	int result = 0;

	rewind(in);
	for (; result == 0 && (len = getline(&line, &size, in)) >= 0; number++) {
		if (is_done(import, number))
			continue;
		(*kept)++;
		if (fwrite(line, 1, (size_t)len, out) != (size_t)len)
			result = -1;
	}
	free(line);
	return result != 0 || ferror(in) || fflush(out) != 0 || fsync(fileno(out)) != 0 ? -1 : 0;
}

/* Write the archive anew without what was restored; remove it when nothing is left. */
static int
remove_restored(const struct import *import, FILE *in, int folder_fd)
{
	char *fresh = xasprintf("%s.new", import->path);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *out = fd >= 0 ? fdopen(fd, "wb") : NULL;
	uint64_t kept = 0;
	int result = -1;

	if (out != NULL && copy_others(import, in, out, &kept) == 0)
		result = kept > 0 ? rename(fresh, import->path) : unlink(import->path);
	if (out != NULL)
		fclose(out);
	if (result != 0 || kept == 0)
		unlink(fresh);
	if (result == 0)
		result = fsync(folder_fd);
	if (result != 0)
		log_error("%s: %s; the restored letters are still in it, too", import->path,
			  strerror(errno));
	free(fresh);
	return result == 0 ? CTL_OK : EX_IOERR;
}

static char *
find_archive(const struct dlq_run *run)
{
	char *path;

	if (strchr(run->file, '/') != NULL || access(run->file, R_OK) == 0)
		return xstrdup(run->file);
	path = xasprintf("%s/" DLQ_ARCHIVE_FOLDER "/%s", run->settings->supervisor.state_dir,
			 run->file);
	return path;
}

/* Beginnings of ids are looked up in the file. */
static int
resolve_in_file(struct dlq_run *run, FILE *file)
{
	char *line = NULL, error[256];
	size_t size = 0;
	ssize_t len;
	int code = CTL_OK;

	while (run->select.prefix_count > 0 && (len = getline(&line, &size, file)) >= 0) {
		struct dlq_entry entry;

		if (dlq_entry_parse(line, (size_t)len, &entry, error, sizeof(error)) != 0)
			continue;
		dlq_select_note_prefix(&run->select,
				       &(struct dlq_letter){.queue = entry.queue,
							    .id = dlq_entry_id(run->md5, &entry)});
		dlq_entry_free(&entry);
	}
	free(line);
	if (dlq_select_resolve(&run->select, error, sizeof(error)) != 0) {
		log_error("%s", error);
		code = EX_DATAERR;
	}
	rewind(file);
	return code;
}

static int
restore_file(struct import *import, FILE *file, int folder_fd)
{
	int code = resolve_in_file(import->run, file);

	if (code != CTL_OK)
		return code;
	dlq_interrupt_catch();
	code = import_file(import, file);
	/* Only what is confirmed may leave the file; after a failure nobody knows what is. */
	if (code == CTL_OK && !import->run->dry_run && import->done != NULL)
		code = remove_restored(import, file, folder_fd);
	return report(import, "put back into their queue", code);
}

int
dlq_restore(struct dlq_run *run)
{
	struct import import = {.run = run};
	char *path, *folder;
	FILE *file;
	int code, folder_fd;

	if (run->file == NULL)
		return verbs_usage(run->call, "an archive is needed, as in clean-dropped.ndjson");
	path = find_archive(run);
	folder = xstrdup(path);
	import.path = path;
	folder_fd = dlq_archive_lock(dirname(folder));
	file = folder_fd >= 0 ? fopen(path, "rb") : NULL;
	if (file == NULL) {
		log_error("%s: %s", path, strerror(errno));
		code = EX_NOINPUT;
	} else {
		code = restore_file(&import, file, folder_fd);
		fclose(file);
	}
	if (folder_fd >= 0)
		close(folder_fd);
	free_import(&import);
	free(folder);
	free(path);
	return code;
}
