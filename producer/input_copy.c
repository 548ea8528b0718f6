/* SPDX-License-Identifier: MIT */
/*
 * input_copy.c - comparing a new file with the places up to which others were read.
 */
#include "producer/input_copy.h"

#include <string.h>

static bool
is_named_alike(const char *a, const char *b)
{
	return strncmp(a, b, MIN(strlen(a), strlen(b))) == 0;
}

static void
consider(struct input_copy *copy, const struct log_file *file, const char *path, int64_t offset,
	 uint64_t marker)
{
	uint64_t found;

	if (offset <= copy->offset || offset > file->size || !is_named_alike(path, file->path) ||
	    file_marker_read(file->fd, offset, &found) != 0 || found != marker)
		return;
	*copy = (struct input_copy){path, offset};
}

/* A copy may be shorter, too, or still be written; a few equal bytes are no copy yet. */
static void
consider_open(struct input_copy *copy, const struct log_file *file, const struct log_file *other)
{
	int64_t offset = other->next;
	uint64_t marker = other->marker;

	if (file->size < offset) {
		offset = file->size;
		if (other->fd < 0 || offset < FILE_MARKER_BYTES ||
		    file_marker_read(other->fd, offset, &marker) != 0)
			return;
	}
	consider(copy, file, other->path, offset, marker);
}

bool
input_copy_find(const struct file_table *table, const struct log_file *file,
		struct input_copy *copy)
{
	*copy = (struct input_copy){0};
	if (file->next > 0)
		return false;
	for (size_t i = 0; i < table->count; i++) {
		const struct log_file *other = table->files[i];

		if (other != file)
			consider_open(copy, file, other);
	}
	for (size_t i = 0; i < table->retained.count; i++) {
		const struct checkpoint_entry *entry = &table->retained.entries[i];

		consider(copy, file, entry->path, entry->offset, entry->marker);
	}
	return copy->offset > 0;
}
