/* SPDX-License-Identifier: MIT */
/*
 * file_watch.h - being told at once when a file grows or a folder changes (inotify).
 *
 * It only makes things faster: everything is also found by looking every few seconds, so a watch
 * that cannot be had (limits, network file systems) is said once and otherwise ignored.
 */
#ifndef PRODUCER_FILE_WATCH_H
#define PRODUCER_FILE_WATCH_H

#include <stdbool.h>

struct file_watch {
	int fd;	      /* -1: no inotify */
	bool is_told; /* that something cannot be watched */
};

void file_watch_open(struct file_watch *watch);
void file_watch_close(struct file_watch *watch);

/*
 * Watch what an open file refers to, whatever its name becomes. Returns the watch's number or -1.
 */
int file_watch_add_file(struct file_watch *watch, int fd);

/* Watch a folder for files that come and go. Doing it again is cheap and heals. */
void file_watch_add_folder(struct file_watch *watch, const char *path);

/* number -1 is fine. */
void file_watch_remove(struct file_watch *watch, int number);

/*
 * Take all events: on_file gets the number of each file that changed. True: a folder has changed.
 */
bool file_watch_take(struct file_watch *watch, void (*on_file)(void *context, int number),
		     void *context);

#endif
