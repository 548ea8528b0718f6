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

#include "common/settings/settings.h"
#include "producer/checkpoint.h"
#include "producer/file_table.h"
#include "producer/input_scan.h"

enum {
	INPUT_POLL_MS = 1000,	       /* between two looks at every open file */
	INPUT_SCAN_MS = 5000,	       /* between two looks for files */
	INPUT_KEEP_GONE_S = 7 * 86400, /* how long the checkpoint remembers files that are gone */
	INPUT_KEEP_GONE = 1000,	       /* and how many of them at most */
};

struct input_set {
	struct file_table table;
	struct input_scan scan;
	size_t turn; /* whose turn it is to be read */
	int64_t next_poll_ms, next_scan_ms, last_scan_ms, scan_cost_ms;
	bool folder_changed; /* look for files soon */
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

/* No file was found. */
bool input_set_is_empty(const struct input_set *set);

/* How many files and folders the first scan could not read. */
unsigned input_set_unreadable(const struct input_set *set);

/* What cannot be read now, for the status; "" = all can. */
const char *input_set_error(const struct input_set *set);

/* Somebody knows of the files that were packed before they were read: they are forgotten. */
void input_set_acknowledge(struct input_set *set);

/* The checkpoint should be written though no frame was confirmed. */
bool input_set_has_changed(const struct input_set *set);

/* Every file has ended: with once, that everything was read. */
bool input_set_all_ended(const struct input_set *set);

/* The next file that may have something to read, each in turn; NULL = none. */
struct log_file *input_set_next_ready(struct input_set *set);
bool input_set_has_ready(const struct input_set *set);

/* The file's contents are no longer those that were read: its successor goes on for it. */
void input_set_replaced(struct input_set *set, struct log_file *file);

/* The file holds no lines: it ends here, and the scan names it from now on. */
void input_set_packed(struct input_set *set, struct log_file *file);

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

#endif
