/* SPDX-License-Identifier: MIT */
/*
 * state_dir.c - lock, load and store of the checkpoint. All names are opened relative to the
 * folder's descriptor and never through a symbolic link at the end.
 */
#include "producer/state_dir.h"
#include "common/base/fault.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define CHECKPOINT_NEW CHECKPOINT_NAME ".new"
#define CHECKPOINT_BAD_NAME CHECKPOINT_NAME ".bad"
#define LOCK_NAME "producer.lock"

enum { FILE_MODE = 0640, FOLDER_MODE = 0750, LOAD_MAX = 256 * 1024 * 1024 };

static void
lock(struct state_dir *dir)
{
	dir->lock_fd = openat(dir->fd, LOCK_NAME,
			      O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, FILE_MODE);
	if (dir->lock_fd < 0)
		fatal_exit(EX_CANTCREAT, "%s/" LOCK_NAME ": %s", dir->path, strerror(errno));
	if (flock(dir->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return;
	if (errno == EWOULDBLOCK)
		fatal_exit(EX_UNAVAILABLE,
			   "another producer is at work with the state folder %s: end it, or give "
			   "this one its own supervisor.state_dir",
			   dir->path);
	fatal_exit(EX_OSERR, "%s/" LOCK_NAME ": cannot lock: %s", dir->path, strerror(errno));
}

void
state_dir_open(struct state_dir *dir, const char *path)
{
	*dir = (struct state_dir){.path = path};
	if (mkdir(path, FOLDER_MODE) == 0)
		log_info("made the state folder %s", path);
	dir->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir->fd < 0)
		fatal_exit(EX_CANTCREAT,
			   "state folder %s: %s: make it, writable for this user, or set "
			   "supervisor.state_dir",
			   path, strerror(errno));
	lock(dir);
}

void
state_dir_close(struct state_dir *dir)
{
	close(dir->lock_fd);
	close(dir->fd);
}

/* --- load --- */

/* The whole file in new memory; NULL with errno. */
static char *
read_all(int fd, size_t *len)
{
	struct stat info;
	char *text;

	*len = 0;
	if (fstat(fd, &info) != 0)
		return NULL;
	if (!S_ISREG(info.st_mode) || info.st_size > LOAD_MAX) {
		errno = EFBIG;
		return NULL;
	}
	text = xcalloc((size_t)info.st_size + 1, 1);
	while (*len < (size_t)info.st_size) {
		ssize_t got = read(fd, text + *len, (size_t)info.st_size - *len);

		if (got < 0) {
			free(text);
			return NULL;
		}
		if (got == 0)
			break;
		*len += (size_t)got;
	}
	return text;
}

static void
set_aside(const struct state_dir *dir, const char *why)
{
	if (renameat(dir->fd, CHECKPOINT_NAME, dir->fd, CHECKPOINT_BAD_NAME) != 0)
		fatal_exit(EX_CANTCREAT,
			   "%s/" CHECKPOINT_NAME " is not usable (%s) and cannot be set aside: %s",
			   dir->path, why, strerror(errno));
	log_error("%s/" CHECKPOINT_NAME " is not usable (%s): it is now " CHECKPOINT_BAD_NAME
		  ", and all files are read from their beginning; rows that exist already stay as "
		  "they are",
		  dir->path, why);
}

void
state_dir_load(const struct state_dir *dir, struct checkpoint *checkpoint)
{
	char why[256] = "";
	char *text;
	enum checkpoint_parse found;
	size_t len;
	int fd;

	*checkpoint = (struct checkpoint){0};
	fd = openat(dir->fd, CHECKPOINT_NAME,
		    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT)
		return;
	text = fd >= 0 ? read_all(fd, &len) : NULL;
	if (text == NULL)
		fatal_exit(EX_NOPERM, "%s/" CHECKPOINT_NAME ": %s", dir->path, strerror(errno));
	close(fd);
	found = checkpoint_parse(checkpoint, text, len, why, sizeof(why));
	free(text);
	switch (found) {
	case CHECKPOINT_GOOD:
		break;
	case CHECKPOINT_NEWER:
		fatal_exit(EX_CONFIG,
			   "%s/" CHECKPOINT_NAME ": %s: run the newer program, or move the file "
			   "away to read everything again",
			   dir->path, why);
	case CHECKPOINT_BAD:
		set_aside(dir, why);
		break;
	}
}

/* --- store --- */

static int
write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t written = write(fd, text, len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		text += written;
		len -= (size_t)written;
	}
	return fsync(fd);
}

int
state_dir_store(const struct state_dir *dir, const struct checkpoint *checkpoint, char *why,
		size_t why_size)
{
	const char *step = "cannot make " CHECKPOINT_NEW;
	size_t len;
	char *text;
	int fd, result = -1;

	/* A left-over of a crash, or something planted: what we write is always a new file. */
	unlinkat(dir->fd, CHECKPOINT_NEW, 0);
	fd = openat(dir->fd, CHECKPOINT_NEW,
		    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, FILE_MODE);
	if (fd >= 0) {
		step = "cannot write " CHECKPOINT_NEW;
		text = checkpoint_format(checkpoint, &len);
		result = write_all(fd, text, len);
		free(text);
		if (close(fd) != 0)
			result = -1;
	}
	if (result == 0) {
		FAULT_POINT("producer.before_checkpoint_rename");
		step = "cannot put " CHECKPOINT_NEW " in its place";
		result = renameat(dir->fd, CHECKPOINT_NEW, dir->fd, CHECKPOINT_NAME);
	}
	if (result == 0) {
		step = "cannot sync the folder";
		result = fsync(dir->fd);
	}
	if (result != 0)
		snprintf(why, why_size, "%s: %s: %s", dir->path, step, strerror(errno));
	return result;
}
