/* SPDX-License-Identifier: MIT */
/*
 * log_file.c - opening, reading and recognising one log file.
 */
#include "producer/log_file.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/packed.h"
#include "common/base/xalloc.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- opening --- */

static bool
is_packed(const char *path, int fd)
{
	char start[PACKED_START];
	ssize_t got = pread(fd, start, sizeof(start), 0);

	return packed_by(path, start, (size_t)MAX(got, 0)) != NULL;
}

static int
why_unusable(const char *path, int fd, const struct file_look *look)
{
	if (S_ISDIR(look->mode))
		return EISDIR;
	if (!S_ISREG(look->mode))
		return EINVAL;
	return is_packed(path, fd) ? ENOEXEC : 0;
}

int
log_file_open(const char *path, struct file_look *look)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	int why;

	if (fd < 0)
		return -1;
	why = file_look(fd, NULL, look) == 0 ? why_unusable(path, fd, look) : errno;
	if (why == 0)
		return fd;
	close(fd);
	errno = why;
	return -1;
}

/* The file with that identity, if it is at path: as log_file_open(); ENOENT: another one is there. */
static int
open_if_same(const char *path, const struct file_identity *identity, struct file_look *look)
{
	if (file_look(-1, path, look) != 0)
		return -1;
	if (S_ISREG(look->mode) && file_identity_same(&look->identity, identity))
		return log_file_open(path, look);
	errno = ENOENT;
	return -1;
}

int
log_file_open_renamed(const char *path, const struct file_identity *identity, char **found,
		      struct file_look *look)
{
	char *copy = xstrdup(path);
	const char *folder = dirname(copy);
	DIR *dir = opendir(folder);
	int error = dir != NULL || errno == ENOTDIR ? ENOENT : errno;
	const struct dirent *item;
	int fd = -1;

	*found = NULL;
	while (fd < 0 && dir != NULL && (item = readdir(dir)) != NULL) {
		if (item->d_ino != identity->inode)
			continue;
		*found = xasprintf("%s/%s", folder, item->d_name);
		fd = open_if_same(*found, identity, look);
		if (fd >= 0)
			break;
		if (errno != ENOENT && errno != ENOEXEC)
			error = errno;
		free(*found);
		*found = NULL;
	}
	if (dir != NULL)
		closedir(dir);
	free(copy);
	errno = error;
	return fd;
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
	if ((*file)->fd >= 0)
		close((*file)->fd);
	free((*file)->open_path);
	free((*file)->path);
	free(*file);
	*file = NULL;
}

static const char *
place_of(const struct log_file *file)
{
	return file->open_path != NULL ? file->open_path : file->path;
}

static bool
is_in_place(const struct log_file *file)
{
	struct file_look look;

	return file_look(-1, place_of(file), &look) == 0 &&
	       file_identity_same(&look.identity, &file->identity);
}

/* It has left its path: look for it in its folder. 0, or -1 when it is not there. */
static int
find_place(struct log_file *file)
{
	struct file_look look;
	char *found;
	int fd = log_file_open_renamed(file->path, &file->identity, &found, &look);

	if (fd < 0)
		return -1;
	close(fd);
	free(file->open_path);
	file->open_path = found;
	return 0;
}

int
log_file_suspend(struct log_file *file)
{
	assert(file->track.frames == 0);
	if (!is_in_place(file) && find_place(file) != 0)
		return -1;
	close(file->fd);
	file->fd = -1;
	return 0;
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
	errno = file->error;
}

int
log_file_resume(struct log_file *file)
{
	struct file_look look;
	char *found = NULL;
	int fd;

	if (file->fd >= 0)
		return 0;
	fd = open(place_of(file), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd >= 0 && (file_look(fd, NULL, &look) != 0 ||
			!file_identity_same(&look.identity, &file->identity))) {
		close(fd);
		fd = -1;
		errno = ENOENT;
	}
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		fd = log_file_open_renamed(file->path, &file->identity, &found, &look);
		if (fd < 0 && errno == ENOENT)
			return -1;
		if (fd >= 0) {
			free(file->open_path);
			file->open_path = found;
		}
	}
	if (fd < 0) {
		log_file_failed(file, "cannot open it again");
		return -1;
	}
	file->fd = fd;
	return 0;
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
	fd = log_file_resume(file) == 0 ? fcntl(file->fd, F_DUPFD_CLOEXEC, 0) : -1;
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

static void
note_growth(struct log_file *file)
{
	file->quiet_since_ms = clock_mono_ms();
	file->grown_ms = clock_wall_ms();
}

int
log_file_poll(struct log_file *file)
{
	struct file_look look;
	bool by_path = file->fd < 0;

	if (file_look(file->fd, by_path ? place_of(file) : NULL, &look) != 0 ||
	    (by_path && !file_identity_same(&look.identity, &file->identity))) {
		if (by_path)
			file->ready = true; /* opening it finds it, or says that it is gone */
		else
			log_file_failed(file, "cannot look at it");
		return 0;
	}
	if (look.size != file->size || look.changed_ns != file->changed_ns || file->failed)
		file->ready = true;
	if (look.size != file->size)
		note_growth(file);
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
		note_growth(file);
	}
	if (read_len == 0)
		return LOG_FILE_AT_END;
	/* It may have been empty when it was opened. */
	if (from == 0 && packed_by(file->path, buffer, (size_t)MIN(read_len, PACKED_START)) != NULL)
		return LOG_FILE_PACKED;
	file->read_ms = clock_wall_ms();
	return LOG_FILE_BYTES;
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

int64_t
log_file_lag_ms(struct log_file *file, int64_t now_ms)
{
	int64_t confirmed = file->track.confirmed;

	if (file->mark_ms == 0 || confirmed >= file->mark_size) {
		file->lag_ms = file->mark_ms != 0 ? now_ms - file->mark_ms : 0;
		file->mark_size = file->size;
		file->mark_ms = now_ms;
	}
	if (confirmed >= file->size)
		file->lag_ms = 0;
	return confirmed >= file->size ? 0 : MAX(file->lag_ms, now_ms - file->mark_ms);
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
