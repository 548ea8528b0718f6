/* SPDX-License-Identifier: MIT */
/*
 * file_table.c - the open files, and finding one by its identity.
 */
#include "producer/file_table.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* --- descriptors --- */

size_t
file_table_open_count(const struct file_table *table)
{
	size_t open = 0;

	for (size_t i = 0; i < table->count; i++)
		open += table->files[i]->fd >= 0;
	return open;
}

static bool
can_be_closed(const struct log_file *file)
{
	return file->fd >= 0 && file->track.frames == 0 && !file->in_buffer && !file->displaced;
}

bool
file_table_has_room(const struct file_table *table)
{
	size_t open = 0;

	for (size_t i = 0; i < table->count; i++) {
		if (can_be_closed(table->files[i]))
			return true;
		open += table->files[i]->fd >= 0;
	}
	return open < table->open_max;
}

/* Close the one that will be missed least; false: there is none. except stays open. */
static bool
close_one(struct file_table *table, const struct log_file *except)
{
	for (size_t tries = 0; tries < table->count; tries++) {
		struct log_file *best = NULL;

		for (size_t i = 0; i < table->count; i++) {
			struct log_file *file = table->files[i];

			if (file == except || !can_be_closed(file))
				continue;
			if (best == NULL || file->ready < best->ready ||
			    (file->ready == best->ready && file->used < best->used))
				best = file;
		}
		if (best == NULL)
			return false;
		if (log_file_suspend(best) == 0)
			return true;
		best->displaced = true;
	}
	return false;
}

static void
look_at_limit(struct file_table *table)
{
	struct rlimit limit = {.rlim_cur = RLIM_INFINITY};

	getrlimit(RLIMIT_NOFILE, &limit);
	table->open_max = limit.rlim_cur == RLIM_INFINITY ? SIZE_MAX : (size_t)limit.rlim_cur;
	table->open_max = table->open_max > FILE_TABLE_RESERVE + FILE_TABLE_LEAST
				  ? table->open_max - FILE_TABLE_RESERVE
				  : FILE_TABLE_LEAST;
}

void
file_table_trim(struct file_table *table)
{
	look_at_limit(table);
	for (size_t open = file_table_open_count(table); open > table->open_max; open--)
		if (!close_one(table, NULL))
			break;
}

enum file_resume
file_table_resume(struct file_table *table, struct log_file *file)
{
	file->used = ++table->uses;
	if (file->fd >= 0)
		return FILE_OPEN;
	if (file_table_open_count(table) >= table->open_max && !close_one(table, file))
		return FILE_WAITS;
	if (log_file_resume(file) != 0)
		return errno == ENOENT ? FILE_GONE : FILE_WAITS;
	return FILE_OPEN;
}

/* --- files --- */

void
file_table_open(struct file_table *table, struct checkpoint *checkpoint, bool once)
{
	*table = (struct file_table){
		.once = once,
		.retained = *checkpoint,
		.watch = {.fd = -1},
		.quiet_ms = FILE_TABLE_QUIET_MS,
	};
	*checkpoint = (struct checkpoint){0};
	look_at_limit(table);
	if (!once)
		file_watch_open(&table->watch);
}

void
file_table_close(struct file_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		table->files[i]->track.frames = 0; /* the window is gone too */
		log_file_free(&table->files[i]);
	}
	free(table->files);
	checkpoint_clear(&table->retained);
	file_watch_close(&table->watch);
	*table = (struct file_table){.watch = {.fd = -1}};
}

void
file_table_add(struct file_table *table, struct log_file *file)
{
	if (table->count == table->room) {
		table->room = MAX(16, table->room * 2);
		table->files = xreallocarray(table->files, table->room, sizeof(struct log_file *));
	}
	table->files[table->count++] = file;
	if (!table->once && file->watch < 0)
		file->watch = file_watch_add_file(&table->watch, file->fd);
	file->finish = table->once;
	file->used = ++table->uses;
	table->changed = true;
	if (table->count > table->open_max)
		file_table_trim(table);
}

void
file_table_remove(struct file_table *table, size_t i)
{
	file_watch_remove(&table->watch, table->files[i]->watch);
	log_file_free(&table->files[i]);
	table->files[i] = table->files[--table->count];
	table->changed = true;
}

/*
 * The retained entry of the file that this one was before it was packed, and unpacked since; or -1.
 * Few bytes do not tell: logs may begin with equal lines.
 */
static ssize_t
find_unpacked(const struct file_table *table, const char *path, int fd, int64_t size)
{
	for (size_t i = 0; i < table->retained.count; i++) {
		const struct checkpoint_entry *entry = &table->retained.entries[i];
		uint64_t marker;

		if (entry->archive == NULL || entry->offset < FILE_MARKER_BYTES ||
		    size < entry->offset || file_marker_read(fd, entry->offset, &marker) != 0 ||
		    marker != entry->marker)
			continue;
		log_info("%s is %s, which was packed before it was read to its end: going on "
			 "behind what was read",
			 path, entry->path);
		return (ssize_t)i;
	}
	return -1;
}

struct log_file *
file_table_start(struct file_table *table, const char *path, const struct input_settings *input,
		 int fd, const struct file_look *look)
{
	ssize_t index = file_table_find_retained(table, path, &look->identity);
	struct log_file *file;

	if (index < 0)
		index = find_unpacked(table, path, fd, look->size);
	file = log_file_new(path, input, fd, look,
			    index >= 0 ? &table->retained.entries[index] : NULL);
	if (index >= 0)
		checkpoint_remove(&table->retained, (size_t)index);
	file_table_add(table, file);
	/* path may have been the entry's, which is gone */
	log_info("reading %s from byte %lld of %lld", file->path, (long long)file->next,
		 (long long)file->size);
	return file;
}

struct log_file *
file_table_find(struct file_table *table, const struct file_identity *identity)
{
	struct log_file *ended = NULL;

	/* Matches come in the same order each time: start where the last one was found. */
	for (size_t i = 0; i < table->count; i++) {
		size_t at = (table->hint + i) % table->count;

		if (!file_identity_same(&table->files[at]->identity, identity))
			continue;
		if (table->files[at]->state == LOG_FILE_ENDED) {
			ended = table->files[at];
			continue;
		}
		table->hint = at + 1;
		return table->files[at];
	}
	return ended;
}

ssize_t
file_table_find_retained(const struct file_table *table, const char *path,
			 const struct file_identity *identity)
{
	const struct checkpoint *retained = &table->retained;

	for (size_t i = 0; i < retained->count; i++)
		if (file_identity_same(&retained->entries[i].identity, identity))
			return (ssize_t)i;
	for (size_t i = 0; i < retained->count; i++) {
		const struct checkpoint_entry *entry = &retained->entries[i];

		if (identity->birth_ns != 0 && entry->identity.birth_ns == identity->birth_ns &&
		    entry->identity.inode == identity->inode && strcmp(entry->path, path) == 0)
			return (ssize_t)i;
	}
	return -1;
}

bool
file_table_has_successor(const struct file_table *table, const struct log_file *file)
{
	if (file->state != LOG_FILE_ENDED)
		return false;
	for (size_t i = 0; i < table->count; i++)
		if (table->files[i]->identity.generation > file->identity.generation &&
		    file_identity_same(&table->files[i]->identity, &file->identity))
			return true;
	return false;
}
