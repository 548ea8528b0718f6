/* SPDX-License-Identifier: MIT */
/*
 * input_set.h - all log files that the inputs of the settings name, now and from the checkpoint.
 *
 * Paths and patterns are looked through at the start, every few seconds, and at once when inotify
 * tells of a change in a folder. One file is read once, under however many names it is found. A
 * file that has left its path is read until nothing has come for a minute.
 */
#ifndef PRODUCER_INPUT_SET_H
#define PRODUCER_INPUT_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "producer/checkpoint.h"
#include "common/settings/settings.h"
#include "common/process/status.h"
#include "producer/file_watch.h"
#include "producer/log_file.h"

enum {
	INPUT_POLL_MS = 1000,	       /* between two looks at every open file */
	INPUT_SCAN_MS = 5000,	       /* between two looks for files */
	INPUT_QUIET_MS = 60000,	       /* a rotated file silent for so long has ended */
	INPUT_KEEP_GONE_S = 7 * 86400, /* how long the checkpoint remembers files that are gone */
	INPUT_KEEP_GONE = 1000,	       /* and how many of them at most */
};

/* A path that cannot be read, so that it is said once and not every few seconds. */
struct complaint {
	char *path;
	int error;
	bool trouble; /* a person has to mend it; a folder that a pattern matches is just skipped */
	bool seen;
};

struct input_set {
	const struct settings *settings;
	bool once;
	struct log_file **files;
	size_t count, room;
	struct checkpoint retained; /* entries of files that are not open now */
	struct file_watch watch;
	struct complaint *complaints;
	size_t complaint_count, complaint_room;
	size_t turn; /* whose turn it is to be read */
	size_t hint; /* where the file of the last match was found */
	int64_t next_poll_ms, next_scan_ms, last_scan_ms, scan_cost_ms;
	bool scanned;	     /* the first scan is done */
	bool scan_again;     /* a folder has changed */
	bool changed;	     /* the checkpoint should be written though no frame was confirmed */
	unsigned unreadable; /* files and folders that the first scan could not read */
	char trouble[STATUS_TEXT_MAX]; /* what cannot be read now, for the status; "" = all can */
	int64_t quiet_ms;	       /* INPUT_QUIET_MS; shorter in tests */
};

/*
 * Look for the files of the inputs; what checkpoint (taken over, empty afterwards) knows goes on
 * where it stood. once: no file that comes later is read, and each ends at its end.
 */
void input_set_open(struct input_set *set, const struct settings *settings,
		    struct checkpoint *checkpoint, bool once);
void input_set_close(struct input_set *set);

/* To poll for reading; -1 = none. */
int input_set_fd(const struct input_set *set);

/* Take what inotify says, look at what is due, let go of what has ended. */
void input_set_turn(struct input_set *set, int64_t now_ms);

/* When input_set_turn() has something to do that its descriptor does not tell of. */
int64_t input_set_due_ms(const struct input_set *set);

/* Every file has ended: with once, that everything was read. */
bool input_set_all_ended(const struct input_set *set);

/* The next file that may have something to read, each in turn; NULL = none. */
struct log_file *input_set_next_ready(struct input_set *set);
bool input_set_has_ready(const struct input_set *set);

/* The file's contents are no longer those that were read: its successor takes its place. */
void input_set_replaced(struct input_set *set, struct log_file *file);

/* Bytes that are there but not yet cut into frames. */
int64_t input_set_bytes_left(const struct input_set *set);

/* A check of the bindings went out; it went well. */
void input_set_asked(struct input_set *set);
void input_set_verified(struct input_set *set);

/*
 * A binding was lost: every file goes back to where it is sure that both queues got its lines, and
 * that is said. No frame of them may be in the window any more.
 */
void input_set_rewind(struct input_set *set);

/* All that has to be remembered, into checkpoint (emptied first). */
void input_set_checkpoint(struct input_set *set, struct checkpoint *checkpoint);

/* --- between input_set.c, input_scan.c and input_rotated.c --- */

/* Take the file into the set and watch it. */
void input_set_add(struct input_set *set, struct log_file *file);

/* The open file with that identity, one that has not ended if there is one; NULL = none. */
struct log_file *input_set_find_open(struct input_set *set, const struct file_identity *identity);

/*
 * The index of the retained entry of a file, also when only its device has another number since a
 * reboot; or -1.
 */
ssize_t input_set_find_retained(const struct input_set *set, const char *path,
				const struct file_identity *identity);

/* Start reading what log_file_open() gave, where the retained entries say. Takes fd. */
struct log_file *input_set_start(struct input_set *set, const char *path,
				 const struct input_settings *input, int fd,
				 const struct file_look *look);

/* Look through all inputs for new, moved and vanished files. */
void input_scan(struct input_set *set);

/* Free the complaints. */
void input_scan_clear(struct input_set *set);

/* After the first scan: look for files of the checkpoint that were renamed while nobody looked. */
void input_rotated_resume(struct input_set *set);

/*
 * A new file stands where another one stood. If files were rotated more than once since the last
 * look (or while the producer was stopped), those in between were never seen: they lie beside it
 * under rotated names, and were born after the one that was known and before the new one. Needs
 * birth times.
 */
void input_rotated_missed(struct input_set *set, const struct log_file *file);

#endif
