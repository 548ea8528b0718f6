/* SPDX-License-Identifier: MIT */
/*
 * input_rotated.c - files that were renamed while nobody looked.
 */
#include "producer/input_rotated.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/packed.h"
#include "common/base/xalloc.h"

#include <dirent.h>
#include <fnmatch.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- files that came and were renamed between two looks --- */

/* The birth time of the youngest file that was known under this path before; 0 = none. */
static int64_t
birth_of_predecessor(const struct file_table *table, const struct log_file *file,
		     bool is_first_scan)
{
	int64_t birth_ns = 0;

	for (size_t i = 0; i < table->retained.count; i++)
		if (strcmp(table->retained.entries[i].path, file->path) == 0)
			birth_ns = MAX(birth_ns, table->retained.entries[i].identity.birth_ns);
	/* In the first scan no two files have the same path. */
	for (size_t i = 0; !is_first_scan && i < table->count; i++)
		if (table->files[i] != file && strcmp(table->files[i]->path, file->path) == 0)
			birth_ns = MAX(birth_ns, table->files[i]->identity.birth_ns);
	return birth_ns;
}

/* "access.log.1", "access.log-20261123", but not what was made from one. */
static bool
is_rotated_name(const char *name, const char *base)
{
	static const char *const leftovers[] = {".tmp", ".swp", ".bak", "~"};
	size_t len = strlen(name), base_len = strlen(base);

	if (strncmp(name, base, base_len) != 0 || strchr(".-_", name[base_len]) == NULL ||
	    name[base_len] == '\0' || packed_by_name(name) != NULL)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(leftovers); i++) {
		size_t suffix_len = strlen(leftovers[i]);

		if (len > suffix_len && strcmp(name + len - suffix_len, leftovers[i]) == 0)
			return false;
	}
	return true;
}

static void
take_if_missed(struct file_table *table, const struct log_file *file, int64_t after_ns,
	       const char *path)
{
	struct log_file *missed;
	struct file_look look;
	int fd;

	if (file_look(-1, path, &look) != 0 || !S_ISREG(look.mode) || look.size == 0 ||
	    look.identity.birth_ns <= after_ns ||
	    look.identity.birth_ns >= file->identity.birth_ns ||
	    file_table_find(table, &look.identity) != NULL ||
	    file_table_find_retained(table, path, &look.identity) >= 0)
		return;
	fd = log_file_open(path, &look);
	if (fd < 0)
		return;
	log_info("%s was %s between two looks", path, file->path);
	missed = file_table_start(table, file->path, file->input, fd, &look);
	missed->state = LOG_FILE_ROTATED;
	missed->quiet_since_ms = clock_mono_ms();
	missed->seen = true;
}

void
input_rotated_missed(struct file_table *table, const struct log_file *file, bool is_first_scan)
{
	int64_t after_ns = birth_of_predecessor(table, file, is_first_scan);
	char *folder_copy, *base_copy;
	const char *folder, *base;
	const struct dirent *item;
	DIR *dir;

	if (after_ns == 0)
		return;
	folder_copy = xstrdup(file->path);
	base_copy = xstrdup(file->path);
	folder = dirname(folder_copy);
	base = basename(base_copy);
	dir = opendir(folder);
	while (dir != NULL && (item = readdir(dir)) != NULL) {
		char *path;

		if (!is_rotated_name(item->d_name, base))
			continue;
		path = xasprintf("%s/%s", folder, item->d_name);
		take_if_missed(table, file, after_ns, path);
		free(path);
	}
	if (dir != NULL)
		closedir(dir);
	free(folder_copy);
	free(base_copy);
}

/* --- rotated while nobody looked --- */

static const struct input_settings *
input_of(const struct settings *settings, const char *path)
{
	for (size_t i = 0; i < settings->input_count; i++)
		if (fnmatch(settings->inputs[i].path, path, FNM_PATHNAME | FNM_PERIOD) == 0)
			return &settings->inputs[i];
	return NULL;
}

void
input_rotated_resume(struct file_table *table, const struct settings *settings)
{
	for (size_t i = table->retained.count; i-- > 0;) {
		struct checkpoint_entry *entry = &table->retained.entries[i];
		const struct input_settings *input = input_of(settings, entry->path);
		struct file_look look;
		struct log_file *file;
		char *path;
		int fd;

		if (entry->gone_s != 0)
			continue;
		fd = input != NULL
			     ? log_file_open_renamed(entry->path, &entry->identity, &path, &look)
			     : -1;
		if (fd >= 0) {
			log_info("%s was renamed to %s meanwhile", entry->path, path);
			/* From here on entry is not valid: it is taken out of the list. */
			file = file_table_start(table, entry->path, input, fd, &look);
			file->state = LOG_FILE_ROTATED;
			file->quiet_since_ms = clock_mono_ms();
			file->open_path = path;
			continue;
		}
		if (input != NULL)
			log_warning("%s, read up to byte %lld, is gone from its folder: if it got "
				    "lines after that byte, they are lost",
				    entry->path, (long long)entry->offset);
		entry->gone_s = clock_wall_ms() / 1000;
		table->changed = true;
	}
}
