/* SPDX-License-Identifier: MIT */
/*
 * log_file.h - one log file that is being read: its identity, its open descriptor, how far it was
 * read.
 *
 * The descriptor stays open as long as there may be something to read, or to read again, through
 * it: a file that was renamed or unlinked is read to its end all the same. Where there are more
 * files than descriptors, files take turns (file_table.h): one that is closed is opened again, under
 * whatever name it has then, before it is read.
 *
 *   next      the first byte not yet cut into a frame; always the start of a line
 *   scanned   next, or further: there is no line end between next and scanned
 *   track     how far the broker has confirmed, see window.h
 */
#ifndef PRODUCER_LOG_FILE_H
#define PRODUCER_LOG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/alert.h"
#include "producer/checkpoint.h"
#include "common/settings/settings.h"
#include "producer/file_identity.h"
#include "producer/window.h"

/* The start of a line, and the marker of it. */
struct log_file_position {
	int64_t offset;
	uint64_t marker;
};

enum log_file_state {
	LOG_FILE_FOLLOWED, /* at its path */
	LOG_FILE_ROTATED,  /* no longer there; its writer may still write to it for a while */
	LOG_FILE_ENDED,	   /* nothing more will be read; frames may still be on their way */
};

struct log_file {
	struct window_track track;
	struct file_identity identity;
	char *path; /* where it was seen last */
	const struct input_settings *input;
	int fd;		 /* -1: closed for now */
	char *open_path; /* where it lies, when that is not path; NULL = at path, or not known */
	int watch;	 /* inotify; -1 = none */
	enum log_file_state state;
	int64_t next, scanned;
	uint64_t marker; /* of next */
	/*
	 * verified: up to here it is sure that both queues got the lines; asked: what the check of
	 * the bindings that is on its way will make sure of. See binding_check.h.
	 */
	struct log_file_position asked, verified;
	int64_t size, changed_ns; /* as of the last look */
	int64_t quiet_since_ms;	  /* ROTATED: since when nothing new came */
	uint64_t used;		  /* internal to file_table.c: larger = opened or read later */
	/* For people: wall clock; 0 = not in this run. The time that the last line bears, if any. */
	int64_t read_ms, grown_ms, line_s;
	bool has_line_time;
	/*
	 * A size that it had, and when; how long the one before took to be confirmed. See
	 * log_file_lag_ms().
	 */
	int64_t mark_size, mark_ms, lag_ms;
	struct alert read_failed;
	int error;	/* errno of the last read; 0 = it went well */
	bool ready;	/* there may be something to read */
	bool finish;	/* at the next end of the file: send an unfinished last line, end */
	bool failed;	/* the last read failed; it is tried again */
	bool in_buffer; /* the reader is cutting it */
	bool displaced; /* internal to file_table.c: not where it was seen last, so it stays open */
	bool packed;	/* ENDED, because a packer made it: it holds no lines */
	bool seen;	/* internal to input_scan.c: found in this scan */
};

/*
 * Open a file for reading; never blocks on a FIFO or device. Returns the descriptor and what was
 * found, or -1 with errno; a file that cannot hold log lines gives EISDIR, EINVAL (not a regular
 * file) or ENOEXEC (compressed, see packed.h).
 */
int log_file_open(const char *path, struct file_look *look) MUST_CHECK;

/*
 * The same for the file with that identity in the folder of path, whatever its name is there;
 * *found (new memory) gets its path. -1: there is none (ENOENT), or it cannot be had now (any other
 * errno); *found is NULL.
 */
int log_file_open_renamed(const char *path, const struct file_identity *identity, char **found,
			  struct file_look *look) MUST_CHECK;

/*
 * A log file from what log_file_open() gave; takes fd. entry (NULL = never seen) says how far it
 * was read before; when it does not fit (truncated, or other bytes before the place) the file is
 * read from its start as a new one, and that is logged.
 */
struct log_file *log_file_new(const char *path, const struct input_settings *input, int fd,
			      const struct file_look *look, const struct checkpoint_entry *entry);

/* Close and free; no frame may refer to it any more. */
void log_file_free(struct log_file **file);

/*
 * Close the descriptor if the file can be opened again: 0, or -1 when it is no longer in its folder. No frame
 * may refer to it.
 */
int log_file_suspend(struct log_file *file) MUST_CHECK;

/*
 * Open it again. 0, or -1: it is gone (ENOENT; nobody will find it again), or cannot be opened now,
 * which is logged.
 */
int log_file_resume(struct log_file *file) MUST_CHECK;

/*
 * Its contents were replaced (truncated, or truncated and written again). The file ends here;
 * returned is its successor, the next generation, on a descriptor of its own, or NULL when that
 * cannot be made. Logged, with what may have been lost.
 */
struct log_file *log_file_succeed(struct log_file *file) MUST_CHECK;

/* Look at its size and time again; ready is set when something may have changed. -1: truncated. */
int log_file_poll(struct log_file *file) MUST_CHECK;

enum log_file_read {
	LOG_FILE_BYTES,	   /* got bytes, at least one */
	LOG_FILE_AT_END,   /* none there now */
	LOG_FILE_REPLACED, /* these are not the contents that were read before */
	LOG_FILE_PACKED,   /* it begins as a packer's files do: it holds no lines */
	LOG_FILE_FAILED,   /* an error, logged; ready is false until the next poll */
};

/* Read up to size bytes at offset from (next or later) into buffer. */
enum log_file_read log_file_read(struct log_file *file, int64_t from, char *buffer, size_t size,
				 size_t *got) MUST_CHECK;

/*
 * Read the first len bytes of a frame again. BYTES: they are exactly those that were cut; REPLACED:
 * they are gone; FAILED: try again later.
 */
enum log_file_read log_file_reread(struct log_file *file, const struct window_frame *frame,
				   char *buffer) MUST_CHECK;

/* Everything before offset is cut; offset is the start of a line. marker is that of offset. */
void log_file_advance(struct log_file *file, int64_t offset, uint64_t marker);

/* A check of the bindings went out; it went well. */
void log_file_asked(struct log_file *file);
void log_file_verified(struct log_file *file);

/* Read again what is not verified. No frame may refer to the file. Returns how many bytes. */
int64_t log_file_rewind(struct log_file *file);

/*
 * How long ago it reached a size that is not confirmed yet, in ms; 0 = all of it is confirmed. To be
 * asked every second or so; between two that it can tell apart it answers the larger one.
 */
int64_t log_file_lag_ms(struct log_file *file, int64_t now_ms);

/* What the checkpoint says of it; path is borrowed. */
struct checkpoint_entry log_file_entry(const struct log_file *file);

#endif
