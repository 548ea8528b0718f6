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
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* --- packed while nobody looked --- */

/* The archives beside a file that is gone. */
struct archives {
	char *own; /* the oldest: the file itself, if its lines were not all read */
	int64_t own_ns;
	size_t others; /* rotated later, never seen */
	int64_t bytes; /* in all of them; -1 = unknown */
	bool is_read;  /* one has exactly the bytes that were read */
};

/* How many bytes a gzip file says it holds, or -1. */
static int64_t
unpacked_size(const char *path)
{
	unsigned char magic[2], size[4];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	off_t end = fd >= 0 ? lseek(fd, 0, SEEK_END) : -1;
	bool is_gzip = end >= 18 && pread(fd, magic, 2, 0) == 2 && magic[0] == 0x1f &&
		       magic[1] == 0x8b && pread(fd, size, 4, end - 4) == 4;

	if (fd >= 0)
		close(fd);
	return is_gzip ? (int64_t)((uint32_t)size[0] | (uint32_t)size[1] << 8 |
				   (uint32_t)size[2] << 16 | (uint32_t)size[3] << 24)
		       : -1;
}

/* A file of that path and length was read to its end before it was packed. */
static bool
is_read_to_end(const struct checkpoint *known, const char *path, int64_t size)
{
	for (size_t i = 0; i < known->count; i++)
		if (known->entries[i].offset == size && strcmp(known->entries[i].path, path) == 0)
			return true;
	return false;
}

/* A packer keeps the time of the last write, which tells later files from earlier ones. */
static void
consider_archive(struct archives *archives, const struct checkpoint *known,
		 const struct checkpoint_entry *entry, const char *path)
{
	struct file_look look;
	int64_t size;

	if (file_look(-1, path, &look) != 0 || !S_ISREG(look.mode) ||
	    look.changed_ns <= entry->identity.birth_ns)
		return;
	size = unpacked_size(path);
	if (size >= 0 && is_read_to_end(known, entry->path, size)) {
		archives->is_read = archives->is_read || size == entry->offset;
		return;
	}
	if (archives->bytes >= 0)
		archives->bytes = size < 0 ? -1 : archives->bytes + size;
	if (archives->own != NULL)
		archives->others++;
	if (archives->own != NULL && look.changed_ns >= archives->own_ns)
		return;
	free(archives->own);
	archives->own = xstrdup(path);
	archives->own_ns = look.changed_ns;
}

static void
find_archives(struct archives *archives, const struct checkpoint *known,
	      const struct checkpoint_entry *entry)
{
	char *folder_copy = xstrdup(entry->path), *base_copy = xstrdup(entry->path);
	const char *folder = dirname(folder_copy), *base = basename(base_copy);
	size_t base_len = strlen(base);
	DIR *dir = opendir(folder);
	const struct dirent *item;

	while (dir != NULL && (item = readdir(dir)) != NULL) {
		char *path;

		if (strncmp(item->d_name, base, base_len) != 0 ||
		    packed_by_name(item->d_name) == NULL)
			continue;
		path = xasprintf("%s/%s", folder, item->d_name);
		consider_archive(archives, known, entry, path);
		free(path);
	}
	if (dir != NULL)
		closedir(dir);
	free(folder_copy);
	free(base_copy);
}

/* A file that was read up to a place is no longer there: what of it is not read? */
static void
tell_gone(const struct checkpoint *known, struct checkpoint_entry *entry)
{
	struct archives archives = {0};
	char others[48] = "", bytes[48] = "an unknown number of";

	if (entry->identity.birth_ns != 0)
		find_archives(&archives, known, entry);
	if (archives.own == NULL) {
		if (archives.is_read)
			log_info("%s was read to its end, byte %lld, before it was packed",
				 entry->path, (long long)entry->offset);
		else
			log_warning("%s, read up to byte %lld, is gone from its folder: if it got "
				    "lines after that byte, they are lost",
				    entry->path, (long long)entry->offset);
		return;
	}
	/* What was read of it is in the oldest, unless that was all of it. */
	if (archives.bytes >= 0 && !archives.is_read)
		archives.bytes -= entry->offset;
	entry->unread = MAX(archives.bytes, -1);
	if (archives.others > 0)
		snprintf(others, sizeof(others), " and %zu more", archives.others);
	if (entry->unread >= 0)
		snprintf(bytes, sizeof(bytes), "%lld", (long long)entry->unread);
	entry->archive = xasprintf("%s%s", archives.own, others);
	free(archives.own);
	log_error("%s, read up to byte %lld, was packed into %s while nobody looked: %s bytes of "
		  "it are not read (unpack it to a name that an input matches, or say sluicectl "
		  "inputs --acknowledge)",
		  entry->path, (long long)entry->offset, entry->archive, bytes);
}

/* Logs may begin with equal lines: where few bytes were read, the file must have come since. */
static bool
may_be_unpacked(const struct log_file *file, const struct checkpoint_entry *entry)
{
	return file->fd >= 0 && file->next >= entry->offset &&
	       (entry->offset >= FILE_MARKER_BYTES ||
		file->identity.birth_ns / 1000000000 + 1 >= entry->gone_s);
}

static const struct log_file *
find_unpacked(const struct file_table *table, const struct checkpoint_entry *entry)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct log_file *file = table->files[i];
		uint64_t marker;

		if (may_be_unpacked(file, entry) &&
		    file_marker_read(file->fd, entry->offset, &marker) == 0 &&
		    marker == entry->marker)
			return file;
	}
	return NULL;
}

void
input_rotated_unpacked(struct file_table *table)
{
	for (size_t i = 0; i < table->retained.count; i++) {
		struct checkpoint_entry *entry = &table->retained.entries[i];
		const struct log_file *file = NULL;

		if (entry->archive != NULL && entry->offset > 0)
			file = find_unpacked(table, entry);
		if (file == NULL)
			continue;
		log_info("%s is %s, which was packed before it was read to its end: it is read now",
			 file->path, entry->path);
		checkpoint_forget_archive(entry);
		table->changed = true;
	}
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
			free(file->open_path);
			file->open_path = path;
			continue;
		}
		if (input != NULL && errno != ENOENT) {
			/* It may well be there: it is not forgotten. */
			log_error("%s, read up to byte %lld, is not at its path, and its folder or "
				  "what it is called now cannot be read: %s; it is looked for "
				  "again at the next start",
				  entry->path, (long long)entry->offset, strerror(errno));
			continue;
		}
		if (input != NULL)
			tell_gone(&table->retained, entry);
		entry->gone_s = clock_wall_ms() / 1000;
		table->changed = true;
	}
}
