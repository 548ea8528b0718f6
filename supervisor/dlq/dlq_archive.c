/* SPDX-License-Identifier: MIT */
/*
 * dlq_archive.c - append, sync, rotate; whole lines only.
 */
#include "supervisor/dlq/dlq_archive.h"
#include "common/base/xalloc.h"
#include "supervisor/dlq/dlq_entry.h"
#include "supervisor/dlq/dlq_time.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct dlq_archive {
	char *folder, *path, *name;
	int lock_fd;
	FILE *file;
	size_t bytes;
};

static int
sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = fd >= 0 ? fsync(fd) : -1;

	if (fd >= 0)
		close(fd);
	return result;
}

int
dlq_archive_lock(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Cut off what stands behind the last line end. */
static int
cut_torn_line(FILE *file, size_t *bytes)
{
	char block[4096];
	off_t end;

	if (fseeko(file, 0, SEEK_END) != 0)
		return -1;
	for (end = ftello(file); end > 0;) {
		size_t len = MIN((size_t)end, sizeof(block));
		const char *newline;

		if (fseeko(file, end - (off_t)len, SEEK_SET) != 0 ||
		    fread(block, 1, len, file) != len)
			return -1;
		newline = memrchr(block, '\n', len);
		end -= (off_t)len;
		if (newline != NULL) {
			end += newline - block + 1;
			break;
		}
	}
	*bytes = (size_t)end;
	return ftruncate(fileno(file), end) != 0 || fseeko(file, end, SEEK_SET) != 0 ? -1 : 0;
}

static int
dlq_archive_open_file(struct dlq_archive *archive)
{
	int fd = open(archive->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	archive->file = fd >= 0 ? fdopen(fd, "r+") : NULL;
	if (archive->file == NULL)
		return -1;
	return cut_torn_line(archive->file, &archive->bytes) != 0 ||
			       sync_folder(archive->folder) != 0
		       ? -1
		       : 0;
}

/* Under a name with the time and a number that is free. */
static int
rotate(struct dlq_archive *archive)
{
	char now[32];

	if (archive->bytes < DLQ_ARCHIVE_BYTES)
		return 0;
	dlq_time_text(time(NULL), now);
	for (unsigned n = 0; n < 1000; n++) {
		char *aside = xasprintf("%s/%s-%s-%u" DLQ_ARCHIVE_SUFFIX, archive->folder,
					archive->name, now, n);
		int result = renameat2(AT_FDCWD, archive->path, AT_FDCWD, aside, RENAME_NOREPLACE);

		free(aside);
		if (result != 0 && errno == EEXIST)
			continue;
		if (result != 0)
			return -1;
		fclose(archive->file);
		archive->file = NULL;
		return dlq_archive_open_file(archive);
	}
	return -1;
}

struct dlq_archive *
dlq_archive_open(const char *state_dir, enum stage_id queue, const char *kind, char *error,
		 size_t error_size)
{
	struct dlq_archive *archive = xcalloc(1, sizeof(*archive));

	archive->folder = xasprintf("%s/" DLQ_ARCHIVE_FOLDER, state_dir);
	archive->name = xasprintf("%s-%s", stage_table[queue].name, kind);
	archive->path = xasprintf("%s/%s" DLQ_ARCHIVE_SUFFIX, archive->folder, archive->name);
	(void)mkdir(state_dir, 0750);
	(void)mkdir(archive->folder, 0700);
	archive->lock_fd = dlq_archive_lock(archive->folder);
	if (archive->lock_fd >= 0 && dlq_archive_open_file(archive) == 0 && rotate(archive) == 0 &&
	    sync_folder(state_dir) == 0)
		return archive;
	snprintf(error, error_size, "archive %s: %s (supervisor.state_dir says where)",
		 archive->path, strerror(errno));
	dlq_archive_close(&archive);
	return NULL;
}

int
dlq_archive_add(struct dlq_archive *archive, const json_t *entry)
{
	off_t end;

	if (dlq_entry_print(archive->file, entry) != 0)
		return -1;
	end = ftello(archive->file);
	archive->bytes = end > 0 ? (size_t)end : archive->bytes;
	return 0;
}

int
dlq_archive_sync(struct dlq_archive *archive)
{
	if (fflush(archive->file) != 0 || fsync(fileno(archive->file)) != 0)
		return -1;
	return rotate(archive);
}

const char *
dlq_archive_path(const struct dlq_archive *archive)
{
	return archive->path;
}

void
dlq_archive_close(struct dlq_archive **archive)
{
	if (*archive == NULL)
		return;
	if ((*archive)->file != NULL)
		fclose((*archive)->file);
	if ((*archive)->lock_fd >= 0)
		close((*archive)->lock_fd);
	free((*archive)->folder);
	free((*archive)->name);
	free((*archive)->path);
	free(*archive);
	*archive = NULL;
}
