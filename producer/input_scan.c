/* SPDX-License-Identifier: MIT */
/*
 * input_scan.c - looking for the files that the inputs name.
 *
 * As long as a file is open its inode is not reused, so device, inode and birth time tell whether
 * what a path shows is a file we have. Nothing is opened before it is known to be a regular file.
 */
#include "producer/input_scan.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/pattern.h"
#include "common/base/xalloc.h"
#include "producer/input_copy.h"
#include "producer/input_rotated.h"

#include <errno.h>
#include <glob.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_SHOWN_MS = 600000 };

void
input_scan_init(struct input_scan *scan, const struct settings *settings, bool once)
{
	*scan = (struct input_scan){
		.settings = settings, .errors = {.once = once}, .is_first = true};
}

void
input_scan_free(struct input_scan *scan)
{
	path_errors_free(&scan->errors);
}

/* --- what cannot be read --- */

/* What a pattern may well match, and is passed over, is no failure. */
static bool
is_failure(int error)
{
	return error != ENOENT && error != EISDIR && error != EINVAL && error != ENOEXEC;
}

static void
note_error(struct input_scan *scan, const char *path, int error, bool failure)
{
	if (scan->is_first && failure)
		scan->unreadable++;
	path_errors_note(&scan->errors, path, error, failure);
}

struct unreadable {
	const char *path; /* the first */
	int error;
	size_t count;
};

static void
count_unreadable(struct unreadable *unreadable, const char *path, int error)
{
	if (unreadable->count++ > 0)
		return;
	unreadable->path = path;
	unreadable->error = error;
}

static void say(struct input_scan *scan, const char *format, ...) PRINTF_LIKE(2, 3);

static void
say(struct input_scan *scan, const char *format, ...)
{
	size_t used = strlen(scan->error);
	va_list args;

	used += (size_t)snprintf(scan->error + used, sizeof(scan->error) - used, "%s",
				 used > 0 ? "; " : "inputs: ");
	if (used >= sizeof(scan->error))
		return;
	va_start(args, format);
	vsnprintf(scan->error + used, sizeof(scan->error) - used, format, args);
	va_end(args);
}

static void
say_unreadable(struct input_scan *scan, const struct file_table *table)
{
	struct unreadable now = {0};
	char others[48] = "";

	for (size_t i = 0; i < scan->errors.count; i++)
		if (scan->errors.list[i].is_failure)
			count_unreadable(&now, scan->errors.list[i].path,
					 scan->errors.list[i].error);
	for (size_t i = 0; i < table->count; i++)
		if (table->files[i]->error != 0)
			count_unreadable(&now, table->files[i]->path, table->files[i]->error);
	if (now.count == 0)
		return;
	if (now.count > 1)
		snprintf(others, sizeof(others), "; nor can %zu more", now.count - 1);
	say(scan, "%.300s cannot be read: %s%s", now.path, strerror(now.error), others);
}

static void
say_unread(struct input_scan *scan, const struct file_table *table)
{
	const struct checkpoint_entry *first = NULL;
	size_t count = 0;
	char bytes[48] = "an unknown number of", others[48] = "";

	for (size_t i = 0; i < table->retained.count; i++) {
		if (table->retained.entries[i].archive == NULL)
			continue;
		if (count++ == 0)
			first = &table->retained.entries[i];
	}
	if (first == NULL)
		return;
	if (first->unread >= 0)
		snprintf(bytes, sizeof(bytes), "%lld", (long long)first->unread);
	if (count > 1)
		snprintf(others, sizeof(others), ", and so were %zu more", count - 1);
	say(scan,
	    "%.200s was packed before %s bytes of it were read%s: unpack it for an input, or "
	    "sluicectl inputs --acknowledge",
	    first->archive, bytes, others);
}

/*
 * Paths and files keep their order well enough for the text to
 * be the same as long as nothing changes.
 */
void
input_scan_sum_up(struct input_scan *scan, const struct file_table *table)
{
	scan->error[0] = '\0';
	say_unreadable(scan, table);
	say_unread(scan, table);
	if (scan->copy[0] != '\0' && clock_mono_ms() - scan->copy_ms < COPY_SHOWN_MS)
		say(scan, "%s", scan->copy);
	if (table->count > table->open_max)
		say(scan,
		    "%zu files share %zu descriptors and are read in turn, later than they could "
		    "be: raise the limit of open files (ulimit -n, LimitNOFILE=) to %zu or more",
		    table->count, table->open_max, table->count + FILE_TABLE_RESERVE);
}

/* --- known files --- */

/* A file that we read was found under this path. */
static void
note_match(struct log_file *file, const char *path)
{
	if (file->seen)
		return; /* the same file under one more name */
	file->seen = true;
	file->displaced = false;
	if (strcmp(file->path, path) == 0)
		return;
	log_info("%s is now called %s", file->path, path);
	free(file->path);
	free(file->open_path);
	file->path = xstrdup(path);
	file->open_path = xstrdup(path);
	if (file->state == LOG_FILE_FOLLOWED) {
		file->state = LOG_FILE_ROTATED;
		file->quiet_since_ms = clock_mono_ms();
	}
}

/* --- new files --- */

/* Equal lines have one row, unless identity = "position" makes them another one. */
static void
tell_copy(struct input_scan *scan, const struct file_table *table, const struct log_file *file)
{
	struct input_copy copy;

	if (!input_copy_find(table, file, &copy))
		return;
	if (scan->settings->identity != IDENTITY_POSITION) {
		log_info("%s is a new file that holds, up to byte %lld, what was read before as "
			 "%s: its lines are read once more and find their rows there",
			 file->path, (long long)copy.offset, copy.path);
		return;
	}
	log_warning("%s is a new file that holds, up to byte %lld, what was read before as %s: its "
		    "lines are read, and with identity = \"position\" stored, once more",
		    file->path, (long long)copy.offset, copy.path);
	snprintf(scan->copy, sizeof(scan->copy),
		 "%.200s holds, up to byte %lld, what was read before: it is stored once more",
		 file->path, (long long)copy.offset);
	scan->copy_ms = clock_mono_ms();
}

/* --- one scan --- */

static void
check_match(struct input_scan *scan, struct file_table *table, const struct input_settings *input,
	    const char *path)
{
	struct file_look look;
	struct log_file *file;
	struct stat link;
	size_t known = table->count;
	int fd;

	if (file_look(-1, path, &look) != 0) {
		/*
		 * Gone since the folder was read: nothing to say, unless it is a link to nowhere.
		 */
		int error = errno;

		if (error != ENOENT || lstat(path, &link) == 0)
			note_error(scan, path, error, is_failure(error));
		return;
	}
	file = file_table_find(table, &look.identity);
	if (file != NULL) {
		note_match(file, path);
		return;
	}
	if (!S_ISREG(look.mode)) {
		note_error(scan, path, S_ISDIR(look.mode) ? EISDIR : EINVAL, false);
		return;
	}
	fd = log_file_open(path, &look);
	if (fd >= 0) {
		/* The path may have come to mean another file between the two looks. */
		file = file_table_find(table, &look.identity);
		if (file != NULL) {
			close(fd);
			return;
		}
		file = file_table_start(table, path, input, fd, &look);
		file->seen = true;
		input_rotated_missed(table, file, scan->is_first);
		for (size_t i = known; i < table->count; i++)
			tell_copy(scan, table, table->files[i]);
	} else if (errno != ENOENT) {
		note_error(scan, path, errno, is_failure(errno));
	}
}

/* Watch the folders of what was found, and the one that a pattern starts from. */
static void
watch_folder_of(struct file_table *table, const char *path, char **last)
{
	char *copy = xstrdup(path);
	char *folder = dirname(copy);

	if (!table->once && (*last == NULL || strcmp(*last, folder) != 0)) {
		free(*last);
		*last = xstrdup(folder);
		file_watch_add_folder(&table->watch, folder);
	}
	free(copy);
}

static int
ignore_folder_error(const char *path, int error)
{
	/* glob(3) goes on with what it can read; a file below that we read already stays open. */
	log_debug("%s: %s", path, strerror(error));
	return 0;
}

/* Nothing matches: is there just no such file yet, or does something stand in the way? */
static void
no_match(struct input_scan *scan, const struct input_settings *input)
{
	char *where;
	int error = pattern_obstacle(input->path, &where);

	if (error != 0)
		note_error(scan, where, error, true);
	if (scan->is_first)
		log_warning("inputs: nothing matches %s%s", input->path,
			    scan->errors.once ? "" : " yet; it is looked for every few seconds");
	free(where);
}

static void
scan_input(struct input_scan *scan, struct file_table *table, const struct input_settings *input)
{
	glob_t matches = {0};
	char *last_folder = NULL;
	int result = glob(input->path, 0, ignore_folder_error, &matches);

	watch_folder_of(table, input->path, &last_folder);
	if (result == 0)
		for (size_t i = 0; i < matches.gl_pathc; i++) {
			watch_folder_of(table, matches.gl_pathv[i], &last_folder);
			check_match(scan, table, input, matches.gl_pathv[i]);
		}
	else
		no_match(scan, input);
	free(last_folder);
	globfree(&matches);
}

/* A file that no input shows any more: has it left its path, or is the folder just not readable? */
static bool
has_left_its_path(const struct log_file *file)
{
	struct file_look look;

	if (file_look(-1, file->path, &look) == 0)
		return !file_identity_same(&look.identity, &file->identity);
	return errno == ENOENT || errno == ENOTDIR;
}

void
input_scan_run(struct input_scan *scan, struct file_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		table->files[i]->seen = false;
	path_errors_begin(&scan->errors);
	for (size_t i = 0; i < scan->settings->input_count; i++)
		scan_input(scan, table, &scan->settings->inputs[i]);
	path_errors_end(&scan->errors);
	input_rotated_unpacked(table);
	input_scan_sum_up(scan, table);
	for (size_t i = 0; i < table->count; i++) {
		struct log_file *file = table->files[i];

		if (file->seen || file->state != LOG_FILE_FOLLOWED || !has_left_its_path(file))
			continue;
		file->state = LOG_FILE_ROTATED;
		file->quiet_since_ms = clock_mono_ms();
		log_info("%s was renamed or removed: reading the old file until nothing has come "
			 "for %lld s",
			 file->path, (long long)table->quiet_ms / 1000);
	}
	scan->is_first = false;
}
