/* SPDX-License-Identifier: MIT */
/*
 * input_scan.c - looking for the files that the inputs name: new ones, renamed ones, vanished ones.
 *
 * As long as a file is open its inode is not reused, so device, inode and birth time tell whether
 * what a path shows is a file we have. Nothing is opened before it is known to be a regular file.
 */
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/pattern.h"
#include "common/base/xalloc.h"
#include "producer/input_set.h"

#include <errno.h>
#include <glob.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COMPLAINTS_MAX = 1000 };

/* --- complaints --- */

static void
input_scan_say(const struct input_set *set, const char *path, int error, bool trouble)
{
	if (trouble) {
		log_error("%s cannot be read: %s%s", path, strerror(error),
			  set->once ? "" : "; it is tried again every few seconds");
		return;
	}
	switch (error) {
	case ENOENT:
		log_info("%s is a link to a file that is not there: skipped", path);
		break;
	case EISDIR:
		log_info("%s is a folder: skipped", path);
		break;
	case EINVAL:
		log_info("%s is not a regular file: skipped", path);
		break;
	case ENOEXEC:
		log_info("%s is compressed: skipped", path);
		break;
	}
}

/* What a pattern may well match, and is passed over, is no trouble. */
static bool
is_unreadable(int error)
{
	return error != ENOENT && error != EISDIR && error != EINVAL && error != ENOEXEC;
}

/* Say once per path what is wrong with it; trouble: a person has to mend it. */
static void
input_scan_complain(struct input_set *set, const char *path, int error, bool trouble)
{
	if (!set->scanned && trouble)
		set->unreadable++;
	for (size_t i = 0; i < set->complaint_count; i++) {
		struct complaint *complaint = &set->complaints[i];

		if (strcmp(complaint->path, path) != 0)
			continue;
		if (complaint->error != error || complaint->trouble != trouble)
			input_scan_say(set, path, error, trouble);
		complaint->error = error;
		complaint->trouble = trouble;
		complaint->seen = true;
		return;
	}
	if (set->complaint_count == COMPLAINTS_MAX)
		return;
	if (set->complaint_count == set->complaint_room) {
		set->complaint_room = MAX(16, set->complaint_room * 2);
		set->complaints = xreallocarray(set->complaints, set->complaint_room,
						sizeof(*set->complaints));
	}
	set->complaints[set->complaint_count++] = (struct complaint){
		.path = xstrdup(path), .error = error, .trouble = trouble, .seen = true};
	input_scan_say(set, path, error, trouble);
	if (set->complaint_count == COMPLAINTS_MAX)
		log_error("%d paths cannot be read: more are not named", COMPLAINTS_MAX);
}

/* What is fine again may be complained of again later. */
static void
forget_complaints(struct input_set *set, bool all)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->complaint_count; i++) {
		struct complaint complaint = set->complaints[i];

		if (complaint.seen && !all) {
			set->complaints[kept++] = complaint;
			continue;
		}
		if (complaint.trouble && !all)
			log_info("%s can be read now, or is gone", complaint.path);
		free(complaint.path);
	}
	set->complaint_count = kept;
}

struct trouble {
	const char *path;
	int error;
	size_t count;
};

static void
add_trouble(struct trouble *trouble, const char *path, int error)
{
	if (trouble->count++ > 0)
		return;
	trouble->path = path;
	trouble->error = error;
}

/*
 * The first trouble as a text, and how many more there are. Complaints and files keep their order
 * well enough for the text to be the same as long as nothing changes.
 */
static void
sum_up(struct input_set *set)
{
	struct trouble first = {0};
	char others[48] = "";

	for (size_t i = 0; i < set->complaint_count; i++)
		if (set->complaints[i].trouble)
			add_trouble(&first, set->complaints[i].path, set->complaints[i].error);
	for (size_t i = 0; i < set->count; i++)
		if (set->files[i]->error != 0)
			add_trouble(&first, set->files[i]->path, set->files[i]->error);
	set->trouble[0] = '\0';
	if (first.count == 0)
		return;
	if (first.count > 1)
		snprintf(others, sizeof(others), "; nor can %zu more", first.count - 1);
	snprintf(set->trouble, sizeof(set->trouble), "inputs: %.300s cannot be read: %s%s",
		 first.path, strerror(first.error), others);
}

void
input_scan_clear(struct input_set *set)
{
	forget_complaints(set, true);
	free(set->complaints);
}

/* --- known files --- */

struct log_file *
input_set_find_open(struct input_set *set, const struct file_identity *identity)
{
	struct log_file *ended = NULL;

	/* Matches come in the same order each time: start where the last one was found. */
	for (size_t i = 0; i < set->count; i++) {
		size_t at = (set->hint + i) % set->count;

		if (!file_identity_same(&set->files[at]->identity, identity))
			continue;
		if (set->files[at]->state == LOG_FILE_ENDED) {
			ended = set->files[at];
			continue;
		}
		set->hint = at + 1;
		return set->files[at];
	}
	return ended;
}

ssize_t
input_set_find_retained(const struct input_set *set, const char *path,
			const struct file_identity *identity)
{
	for (size_t i = 0; i < set->retained.count; i++)
		if (file_identity_same(&set->retained.entries[i].identity, identity))
			return (ssize_t)i;
	for (size_t i = 0; i < set->retained.count; i++) {
		const struct checkpoint_entry *entry = &set->retained.entries[i];

		if (identity->birth_ns != 0 && entry->identity.birth_ns == identity->birth_ns &&
		    entry->identity.inode == identity->inode && strcmp(entry->path, path) == 0)
			return (ssize_t)i;
	}
	return -1;
}

/* A file that we read was found under this path. */
static void
note_match(struct log_file *file, const char *path)
{
	if (file->seen)
		return; /* the same file under one more name */
	file->seen = true;
	if (strcmp(file->path, path) == 0)
		return;
	log_info("%s is now called %s", file->path, path);
	free(file->path);
	file->path = xstrdup(path);
	if (file->state == LOG_FILE_FOLLOWED) {
		file->state = LOG_FILE_ROTATED;
		file->quiet_since_ms = clock_mono_ms();
	}
}

struct log_file *
input_set_start(struct input_set *set, const char *path, const struct input_settings *input, int fd,
		const struct file_look *look)
{
	ssize_t index = input_set_find_retained(set, path, &look->identity);
	struct log_file *file;

	file = log_file_new(path, input, fd, look,
			    index >= 0 ? &set->retained.entries[index] : NULL);
	if (index >= 0)
		checkpoint_remove(&set->retained, (size_t)index);
	input_set_add(set, file);
	/* path may have been the entry's, which is gone */
	log_info("reading %s from byte %lld of %lld", file->path, (long long)file->next,
		 (long long)file->size);
	return file;
}

/* --- one scan --- */

static void
take_match(struct input_set *set, const struct input_settings *input, const char *path)
{
	struct file_look look;
	struct log_file *file;
	struct stat link;
	int fd;

	if (file_look(-1, path, &look) != 0) {
		/*
		 * Gone since the folder was read: nothing to say, unless it is a link to nowhere.
		 */
		int error = errno;

		if (error != ENOENT || lstat(path, &link) == 0)
			input_scan_complain(set, path, error, is_unreadable(error));
		return;
	}
	file = input_set_find_open(set, &look.identity);
	if (file != NULL) {
		note_match(file, path);
		return;
	}
	if (!S_ISREG(look.mode)) {
		input_scan_complain(set, path, S_ISDIR(look.mode) ? EISDIR : EINVAL, false);
		return;
	}
	fd = log_file_open(path, &look);
	if (fd >= 0) {
		/* The path may have come to mean another file between the two looks. */
		file = input_set_find_open(set, &look.identity);
		if (file != NULL) {
			close(fd);
			return;
		}
		file = input_set_start(set, path, input, fd, &look);
		file->seen = true;
		input_rotated_missed(set, file);
	} else if (errno != ENOENT) {
		input_scan_complain(set, path, errno, is_unreadable(errno));
	}
}

/* Watch the folders of what was found, and the one that a pattern starts from. */
static void
watch_folder_of(struct input_set *set, const char *path, char **last)
{
	char *copy = xstrdup(path);
	char *folder = dirname(copy);

	if (!set->once && (*last == NULL || strcmp(*last, folder) != 0)) {
		free(*last);
		*last = xstrdup(folder);
		file_watch_add_folder(&set->watch, folder);
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
miss(struct input_set *set, const struct input_settings *input)
{
	char *where;
	int error = pattern_obstacle(input->path, &where);

	if (error != 0)
		input_scan_complain(set, where, error, true);
	if (!set->scanned)
		log_warning("inputs: nothing matches %s%s", input->path,
			    set->once ? "" : " yet; it is looked for every few seconds");
	free(where);
}

static void
scan_input(struct input_set *set, const struct input_settings *input)
{
	glob_t matches = {0};
	char *last_folder = NULL;
	int result = glob(input->path, 0, ignore_folder_error, &matches);

	watch_folder_of(set, input->path, &last_folder);
	if (result == 0)
		for (size_t i = 0; i < matches.gl_pathc; i++) {
			watch_folder_of(set, matches.gl_pathv[i], &last_folder);
			take_match(set, input, matches.gl_pathv[i]);
		}
	else
		miss(set, input);
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
input_scan(struct input_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		set->files[i]->seen = false;
	for (size_t i = 0; i < set->complaint_count; i++)
		set->complaints[i].seen = false;
	for (size_t i = 0; i < set->settings->input_count; i++)
		scan_input(set, &set->settings->inputs[i]);
	forget_complaints(set, false);
	sum_up(set);
	for (size_t i = 0; i < set->count; i++) {
		struct log_file *file = set->files[i];

		if (file->seen || file->state != LOG_FILE_FOLLOWED || !has_left_its_path(file))
			continue;
		file->state = LOG_FILE_ROTATED;
		file->quiet_since_ms = clock_mono_ms();
		log_info("%s was renamed or removed: reading the old file until nothing has come "
			 "for %lld s",
			 file->path, (long long)set->quiet_ms / 1000);
	}
}
