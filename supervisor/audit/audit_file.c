/* SPDX-License-Identifier: MIT */
/*
 * audit_file.c - reading a log file again.
 */
#include "supervisor/audit/audit_file.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "producer/checkpoint.h"
#include "supervisor/dlq/dlq_format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

enum { READ_BYTES = 1 << 20, CHECKPOINT_MAX = 64 << 20 };

/* --- its name at the producer --- */

static char *
read_checkpoint(const char *state_dir, size_t *len)
{
	char *path = xasprintf("%s/" CHECKPOINT_NAME, state_dir), *text = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat info;

	free(path);
	*len = 0;
	if (fd < 0)
		return NULL;
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size < CHECKPOINT_MAX) {
		ssize_t got;

		text = xcalloc((size_t)info.st_size + 1, 1);
		got = read(fd, text, (size_t)info.st_size);
		*len = got > 0 ? (size_t)got : 0;
	}
	close(fd);
	return text;
}

/* The checkpoint knows which generation of its inode the file is; without one it is the first. */
static void
find_id(struct audit_file *file, const struct file_identity *identity, const char *state_dir)
{
	struct checkpoint checkpoint;
	char why[256];
	size_t len;
	char *text = read_checkpoint(state_dir, &len);
	uint32_t newest = 0;

	file_identity_format(identity, file->id);
	if (text == NULL)
		return;
	if (checkpoint_parse(&checkpoint, text, len, why, sizeof(why)) == CHECKPOINT_GOOD)
		for (size_t i = 0; i < checkpoint.count; i++) {
			const struct checkpoint_entry *entry = &checkpoint.entries[i];

			if (!file_identity_same(&entry->identity, identity) ||
			    entry->identity.generation < newest)
				continue;
			newest = entry->identity.generation;
			snprintf(file->id, sizeof(file->id), "%s", entry->id);
		}
	checkpoint_clear(&checkpoint);
	free(text);
}

/* --- open and read --- */

static int
refuse(struct audit_file *file, int exit_code, const char *why)
{
	log_error("%s: %s", file->path, why);
	audit_file_close(file);
	return exit_code;
}

int
audit_file_open(struct audit_file *file, const char *path, const char *state_dir)
{
	unsigned char magic[2] = {0};
	struct file_look look;

	*file = (struct audit_file){.path = path, .fd = -1};
	file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (file->fd < 0 || file_look(file->fd, path, &look) != 0)
		return refuse(file, EX_NOINPUT, strerror(errno));
	if (!S_ISREG(look.mode))
		return refuse(file, EX_NOINPUT, "it is not a regular file");
	if (pread(file->fd, magic, sizeof(magic), 0) == 2 && magic[0] == 0x1f && magic[1] == 0x8b)
		return refuse(file, EX_DATAERR, "it is compressed: name the unpacked file");
	file->size = look.size;
	if (state_dir != NULL)
		find_id(file, &look.identity, state_dir);
	file->buffer_size = 2 * READ_BYTES;
	file->buffer = xreallocarray(NULL, file->buffer_size, 1);
	posix_fadvise(file->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return 0;
}

void
audit_file_close(struct audit_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	free(file->buffer);
	file->buffer = NULL;
}

/* More bytes behind those in the buffer. 1, 0 at the end, -1 with errno. */
static int
read_more(struct audit_file *file)
{
	size_t room;
	ssize_t got;

	if (file->start > 0) {
		memmove(file->buffer, file->buffer + file->start, file->used - file->start);
		file->used -= file->start;
		file->start = 0;
	}
	if (file->buffer_size - file->used < READ_BYTES) {
		file->buffer_size *= 2;
		file->buffer = xreallocarray(file->buffer, file->buffer_size, 1);
	}
	room = MIN(file->buffer_size - file->used, (size_t)(file->size - file->read_to));
	if (room == 0)
		return 0;
	do
		got = pread(file->fd, file->buffer + file->used, room, file->read_to);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return (int)got;
	file->used += (size_t)got;
	file->read_to += got;
	return 1;
}

/* The line does not end within AUDIT_LINE_MAX: look for its end without keeping it. */
static int
skip_long_line(struct audit_file *file, struct audit_line *line)
{
	char chunk[65536];

	line->length = (int64_t)(file->used - file->start);
	for (;;) {
		size_t room = (size_t)MIN((int64_t)sizeof(chunk), file->size - file->read_to);
		ssize_t got = room > 0 ? pread(file->fd, chunk, room, file->read_to) : 0;
		const char *lf;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		lf = got > 0 ? memchr(chunk, '\n', (size_t)got) : NULL;
		line->has_lf = lf != NULL;
		line->length += lf != NULL ? lf - chunk : got;
		file->read_to += lf != NULL ? lf - chunk + 1 : got;
		if (lf != NULL || got == 0)
			return 1;
	}
}

int
audit_file_next(struct audit_file *file, struct audit_line *line)
{
	size_t looked = 0, len;
	const char *lf = NULL;
	int more = 1;

	for (;;) {
		const char *from = file->buffer + file->start + looked;

		len = file->used - file->start;
		lf = len > looked ? memchr(from, '\n', len - looked) : NULL;
		if (lf != NULL || len >= AUDIT_LINE_MAX + 2)
			break;
		looked = len;
		more = read_more(file);
		if (more < 0)
			return -1;
		if (more == 0)
			break;
	}
	if (lf == NULL && file->used == file->start)
		return 0;
	*line = (struct audit_line){
		.offset = file->read_to - (int64_t)(file->used - file->start),
		.has_lf = lf != NULL,
	};
	line->start.ptr = file->buffer + file->start;
	line->start.len = lf != NULL ? (size_t)(lf - line->start.ptr) : file->used - file->start;
	line->length = (int64_t)line->start.len;
	if (lf == NULL && more != 0) {
		more = skip_long_line(file, line);
		file->start = file->used = 0;
	} else {
		file->start += line->start.len + (lf != NULL);
		more = 1;
	}
	line->text = line->start;
	if (line->has_lf && line->text.len > 0 && line->text.ptr[line->text.len - 1] == '\r' &&
	    line->length == (int64_t)line->text.len)
		line->text.len--;
	return more;
}

/* --- its format --- */

const char *
audit_file_format(const struct settings *settings, const char *path)
{
	const char *format = dlq_format_of_input(settings, span_of(path));
	char *real;

	if (format != NULL)
		return format;
	real = realpath(path, NULL);
	if (real != NULL)
		format = dlq_format_of_input(settings, span_of(real));
	free(real);
	if (format != NULL || settings->input_count == 0)
		return format;
	for (size_t i = 1; i < settings->input_count; i++)
		if (strcmp(settings->inputs[i].format, settings->inputs[0].format) != 0)
			return NULL;
	return settings->inputs[0].format;
}
