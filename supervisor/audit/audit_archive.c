/* SPDX-License-Identifier: MIT */
/*
 * audit_archive.c - read the archives of dropped and edited letters, line by line.
 *
 * A writer may give a file another name (rotation) between the look into the folder and the
 * reading. So the folder is looked at twice; the second time what is new there is read, too.
 */
#include "supervisor/audit/audit_archive.h"
#include "common/base/xalloc.h"
#include "supervisor/dlq/dlq_archive.h"
#include "supervisor/dlq/dlq_entry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BROKEN_LINES_NAMED = 10 }; /* per file */

struct walk {
	const struct audit_archive_reader *reader;
	char *folder;
};

struct names {
	struct dirent **list;
	int count;
};

static void audit_archive_warn(const struct walk *walk, const char *format, ...) PRINTF_LIKE(2, 3);

static void
audit_archive_warn(const struct walk *walk, const char *format, ...)
{
	char text[PATH_MAX + 512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	walk->reader->on_warning(walk->reader->context, text);
}

/* --- a file --- */

static void
pass_letter(const struct walk *walk, const struct dlq_entry *entry)
{
	struct message message = dlq_entry_message(entry);

	walk->reader->on_letter(walk->reader->context, entry->queue, &message);
}

/* 0, or -1 when the line is no letter. */
static int
read_line_of_archive(const struct walk *walk, const char *path, size_t number, struct span line,
		     bool name_it)
{
	struct dlq_entry entry;
	char error[256];

	if (dlq_entry_parse(line.ptr, line.len, &entry, error, sizeof(error)) != 0) {
		if (name_it)
			audit_archive_warn(
				walk,
				"%s:%zu: %s: this letter is passed over, its lines may seem to "
				"be missing",
				path, number, error);
		return -1;
	}
	pass_letter(walk, &entry);
	dlq_entry_free(&entry);
	return 0;
}

static void
audit_archive_read_lines(const struct walk *walk, const char *path, FILE *file)
{
	size_t size = 0, number = 0, broken = 0;
	char *line = NULL;
	ssize_t len;

	while ((len = getline(&line, &size, file)) > 0 && line[len - 1] == '\n') {
		number++;
		if (strspn(line, " \t\r\n") == (size_t)len)
			continue;
		if (read_line_of_archive(walk, path, number, (struct span){line, (size_t)len},
					 broken < BROKEN_LINES_NAMED) != 0)
			broken++;
	}
	if (len < 0 && !feof(file))
		audit_archive_warn(
			walk,
			"%s:%zu: %s: letters from here on are not seen, their lines may seem to "
			"be missing",
			path, number + 1, strerror(errno));
	if (broken > BROKEN_LINES_NAMED)
		audit_archive_warn(walk, "%s: %zu more lines are no letters", path,
				   broken - BROKEN_LINES_NAMED);
	free(line);
}

static void
audit_archive_read_file(const struct walk *walk, const char *name)
{
	char *path = xasprintf("%s/%s", walk->folder, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	FILE *file = fd >= 0 ? fdopen(fd, "rb") : NULL;
	struct stat info;

	/* A file that is gone was restored, or has a new name: the second look finds it. */
	if (file == NULL && errno != ENOENT)
		audit_archive_warn(
			walk,
			"%s: %s: its letters are not seen, their lines may seem to be missing",
			path, strerror(errno));
	else if (file != NULL && fstat(fd, &info) == 0 && !S_ISREG(info.st_mode))
		audit_archive_warn(walk, "%s: it is not a regular file and is passed over", path);
	else if (file != NULL)
		audit_archive_read_lines(walk, path, file);
	if (file != NULL)
		fclose(file);
	free(path);
}

/* --- the folder --- */

static int
is_archive(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name), suffix = strlen(DLQ_ARCHIVE_SUFFIX);

	return len > suffix && strcmp(entry->d_name + len - suffix, DLQ_ARCHIVE_SUFFIX) == 0;
}

static int
compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
list_archives(const struct walk *walk, struct names *names)
{
	names->list = NULL;
	names->count = scandir(walk->folder, &names->list, is_archive, compare_names);
	if (names->count >= 0)
		return 0;
	names->count = 0;
	if (errno != ENOENT)
		audit_archive_warn(
			walk,
			"archive %s: %s: letters that were dropped or edited are not seen, "
			"their lines seem to be missing (supervisor.state_dir says where; run "
			"as a user who may read it)",
			walk->folder, strerror(errno));
	return -1;
}

static bool
has_name(const struct names *names, const char *name)
{
	for (int i = 0; i < names->count; i++)
		if (strcmp(names->list[i]->d_name, name) == 0)
			return true;
	return false;
}

static void
free_names(struct names *names)
{
	for (int i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
}

void
audit_archive_walk(const char *state_dir, const struct audit_archive_reader *reader)
{
	struct walk walk = {.reader = reader,
			    .folder = xasprintf("%s/" DLQ_ARCHIVE_FOLDER, state_dir)};
	struct names first, second;

	if (list_archives(&walk, &first) == 0) {
		for (int i = 0; i < first.count; i++)
			audit_archive_read_file(&walk, first.list[i]->d_name);
		if (list_archives(&walk, &second) == 0)
			for (int i = 0; i < second.count; i++)
				if (!has_name(&first, second.list[i]->d_name))
					audit_archive_read_file(&walk, second.list[i]->d_name);
		free_names(&second);
	}
	free_names(&first);
	free(walk.folder);
}
