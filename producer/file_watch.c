/* SPDX-License-Identifier: MIT */
/*
 * file_watch.c - inotify.
 */
#include "producer/file_watch.h"
#include "common/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

static const uint32_t folder_events =
	IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF;

static void
file_watch_failed(struct file_watch *watch)
{
	if (!watch->is_told)
		log_warning(
			"inotify: %s: new lines are found by looking every second instead%s",
			strerror(errno),
			errno == ENOSPC || errno == EMFILE
				? " (fs.inotify.max_user_watches or max_user_instances is used up)"
				: "");
	watch->is_told = true;
}

void
file_watch_open(struct file_watch *watch)
{
	*watch = (struct file_watch){.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
	if (watch->fd < 0)
		file_watch_failed(watch);
}

void
file_watch_close(struct file_watch *watch)
{
	if (watch->fd >= 0)
		close(watch->fd);
	watch->fd = -1;
}

int
file_watch_add_file(struct file_watch *watch, int fd)
{
	char path[64];
	int number;

	if (watch->fd < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	number = inotify_add_watch(watch->fd, path, IN_MODIFY);
	if (number < 0)
		file_watch_failed(watch);
	return number;
}

void
file_watch_add_folder(struct file_watch *watch, const char *path)
{
	if (watch->fd < 0)
		return;
	/* A folder that is not there (yet) is not a fault; the scan says what matters. */
	if (inotify_add_watch(watch->fd, path, folder_events | IN_ONLYDIR) < 0 && errno != ENOENT &&
	    errno != ENOTDIR && errno != EACCES)
		file_watch_failed(watch);
}

void
file_watch_remove(struct file_watch *watch, int number)
{
	if (watch->fd >= 0 && number >= 0)
		inotify_rm_watch(watch->fd, number);
}

bool
file_watch_take(struct file_watch *watch, void (*on_file)(void *context, int number), void *context)
{
	char buffer[8192] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool folder_changed = false;
	ssize_t got;

	if (watch->fd < 0)
		return false;
	while ((got = read(watch->fd, buffer, sizeof(buffer))) > 0) {
		for (ssize_t at = 0; at < got;) {
			struct inotify_event event;

			memcpy(&event, buffer + at, sizeof(event));
			at += (ssize_t)(sizeof(event) + event.len);
			if ((event.mask & (folder_events | IN_Q_OVERFLOW)) != 0)
				folder_changed = true;
			if ((event.mask & IN_MODIFY) != 0)
				on_file(context, event.wd);
		}
	}
	return folder_changed;
}
