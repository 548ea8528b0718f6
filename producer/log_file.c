/* SPDX-License-Identifier: MIT */
/*
 * log_file.c - opening, reading and recognising one log file.
 */
#include "producer/log_file.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- opening --- */

/* A rotated file that was compressed holds no lines; its beginning tells. */
static bool
is_compressed(int fd)
{
	static const struct {
		const char *bytes;
		size_t len;
	} magics[] = {
		{"\x1f\x8b\x08", 3},	 /* gzip */
		{"\x28\xb5\x2f\xfd", 4}, /* zstd */
		{"\xfd"
		 "7zXZ\0",
		 6}, /* xz */
	};
	char start[8];
	ssize_t got = pread(fd, start, sizeof(start), 0);

	for (size_t i = 0; i < ARRAY_LEN(magics); i++)
		if (got >= (ssize_t)magics[i].len &&
		    memcmp(start, magics[i].bytes, magics[i].len) == 0)
			return true;
	return false;
}

static int
why_unusable(int fd, const struct file_look *look)
{
	if (S_ISDIR(look->mode))
		return EISDIR;
	if (!S_ISREG(look->mode))
		return EINVAL;
	return is_compressed(fd) ? ENOEXEC : 0;
}

int
log_file_open(const char *path, struct file_look *look)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	int why;

	if (fd < 0)
		return -1;
	why = file_look(fd, NULL, look) == 0 ? why_unusable(fd, look) : errno;
	if (why == 0)
		return fd;
	close(fd);
	errno = why;
	return -1;
}

static void
start_at(struct log_file *file, int64_t offset, uint64_t marker)
{
	file->next = file->scanned = file->track.confirmed = offset;
	file->marker = file->track.marker = marker;
	file->asked = file->verified = (struct log_file_position){offset, marker};
}

/* Go on where the checkpoint says, if these are still the bytes that were read. */
static void
resume(struct log_file *file, const struct checkpoint_entry *entry)
{
	const char *why = NULL;
	uint64_t marker;

	file->identity.generation = entry->identity.generation;
	if (file->size < entry->offset)
		why = "is shorter than what was read of it";
	else if (file_marker_read(file->fd, entry->offset, &marker) != 0 || marker != entry->marker)
		why = "holds other lines than those that were read";
	if (why == NULL) {
		start_at(file, entry->offset, entry->marker);
		file->verified =
			(struct log_file_position){entry->verified, entry->verified_marker};
		memcpy(file->track.id, entry->id, FILE_ID_SIZE);
		return;
	}
	file->identity.generation++;
	log_warning("%s %s (%lld bytes): it was truncated or replaced while nobody looked; reading "
		    "it from its start as a new file; lines written to the old one after byte %lld "
		    "and not kept elsewhere are lost",
		    file->path, why, (long long)entry->offset, (long long)entry->offset);
}

struct log_file *
log_file_new(const char *path, const struct input_settings *input, int fd,
	     const struct file_look *look, const struct checkpoint_entry *entry)
{
	struct log_file *file = xcalloc(1, sizeof(*file));

	file->path = xstrdup(path);
	file->input = input;
	file->fd = fd;
	file->watch = -1;
	file->identity = look->identity;
	file->size = look->size;
	file->changed_ns = look->changed_ns;
	file->ready = true;
	start_at(file, 0, FILE_MARKER_NONE);
	if (entry != NULL)
		resume(file, entry);
	if (file->track.id[0] == '\0')
		file_identity_format(&file->identity, file->track.id);
	return file;
}

void
log_file_free(struct log_file **file)
{
	if (*file == NULL)
		return;
	assert((*file)->track.frames == 0);
	close((*file)->fd);
	free((*file)->path);
	free(*file);
	*file = NULL;
}

struct log_file *
log_file_succeed(struct log_file *file)
{
	struct log_file *successor;
	struct file_look look;
	int fd;

	log_warning("%s was truncated or overwritten after byte %lld was read: reading it from its "
		    "start as a new file; lines written after that byte and before the change are "
		    "lost unless a copy is read too (rotation by rename loses nothing)",
		    file->path, (long long)file->next);
	file->state = LOG_FILE_ENDED;
	file->ready = false;
	fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0 || file_look(fd, NULL, &look) != 0) {
		log_error("%s: cannot open it once more: %s", file->path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	look.identity.generation = file->identity.generation + 1;
	successor = log_file_new(file->path, file->input, fd, &look, NULL);
	successor->watch = file->watch;
	file->watch = -1;
	return successor;
}

/* --- reading --- */

static void
log_file_failed(struct log_file *file, const char *doing)
{
	file->error = errno;
	file->failed = true;
	file->ready = false;
	if (alert_raise(&file->read_failed, &alert_every_minute, 0, clock_mono_ms()))
		log_error("%s: %s: %s; it is tried again every second", file->path, doing,
			  strerror(file->error));
}

int
log_file_poll(struct log_file *file)
{
	struct file_look look;

	if (file_look(file->fd, NULL, &look) != 0) {
		log_file_failed(file, "cannot look at it");
		return 0;
	}
	if (look.size != file->size || look.changed_ns != file->changed_ns || file->failed)
		file->ready = true;
	if (look.size != file->size)
		file->quiet_since_ms = clock_mono_ms();
	if (look.size < file->scanned)
		return -1; /* size keeps what was seen before: the message tells of it */
	file->failed = false;
	file->size = look.size;
	file->changed_ns = look.changed_ns;
	return 0;
}

enum log_file_read
log_file_read(struct log_file *file, int64_t from, char *buffer, size_t size, size_t *got)
{
	ssize_t read_len = pread(file->fd, buffer, size, from);
	uint64_t marker;

	if (read_len < 0) {
		log_file_failed(file, "cannot read");
		return LOG_FILE_FAILED;
	}
	file->error = 0;
	/*
	 * First the new bytes, then the old ones: a file that is overwritten in between is noticed,
	 * and new contents are never taken for the continuation of the old.
	 */
	if (file_marker_read(file->fd, file->next, &marker) != 0 || marker != file->marker)
		return LOG_FILE_REPLACED;
	*got = (size_t)read_len;
	if (from + read_len > file->size) {
		file->size = from + read_len;
		file->quiet_since_ms = clock_mono_ms();
	}
	return read_len > 0 ? LOG_FILE_BYTES : LOG_FILE_AT_END;
}

enum log_file_read
log_file_reread(struct log_file *file, const struct window_frame *frame, char *buffer)
{
	size_t got = 0;
	uint64_t marker;

	while (got < frame->body_len) {
		ssize_t n = pread(file->fd, buffer + got, frame->body_len - got,
				  frame->offset + (int64_t)got);

		if (n < 0) {
			log_file_failed(file, "cannot read again what the broker did not take");
			return LOG_FILE_FAILED;
		}
		if (n == 0)
			return LOG_FILE_REPLACED;
		got += (size_t)n;
	}
	if (file_marker_read(file->fd, frame->offset + frame->length, &marker) != 0 ||
	    marker != frame->marker)
		return LOG_FILE_REPLACED;
	return LOG_FILE_BYTES;
}

void
log_file_advance(struct log_file *file, int64_t offset, uint64_t marker)
{
	file->next = file->scanned = offset;
	file->marker = marker;
}

void
log_file_asked(struct log_file *file)
{
	file->asked = (struct log_file_position){file->track.confirmed, file->track.marker};
}

void
log_file_verified(struct log_file *file)
{
	file->verified = file->asked;
}

int64_t
log_file_rewind(struct log_file *file)
{
	int64_t confirmed = file->track.confirmed - file->verified.offset;

	start_at(file, file->verified.offset, file->verified.marker);
	file->ready = true;
	if (file->state == LOG_FILE_ENDED) {
		file->state = LOG_FILE_ROTATED;
		file->finish = true;
	}
	return confirmed;
}

struct checkpoint_entry
log_file_entry(const struct log_file *file)
{
	struct checkpoint_entry entry = {
		.path = file->path,
		.identity = file->identity,
		.offset = file->track.confirmed,
		.marker = file->track.marker,
		.verified = file->verified.offset,
		.verified_marker = file->verified.marker,
	};

	memcpy(entry.id, file->track.id, FILE_ID_SIZE);
	return entry;
}
