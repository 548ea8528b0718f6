/* SPDX-License-Identifier: MIT */
/*
 * checkpoint.h - how far each file is safe at the broker, and its form on disk. Pure: text in and
 * out.
 *
 *   {"version": 1, "files": [
 *   {"path": "/var/log/x.log", "id": "9c1f…", "device": 2049, "inode": 131,
 *    "birth": 1700000000000000000, "generation": 0, "offset": 52311, "marker": "a1b2…", "gone": 0,
 *    "verified": 51200, "verified_marker": "c3d4…"},
 *   …
 *   ]}
 *
 *   path      "path_hex" when it is not UTF-8
 *   id        the first part of the message-ids of its lines
 *   device .. generation  see file_identity.h
 *   offset    everything before it is safe at the broker; marker: the hash of the bytes before it
 *   gone      when the file had left its path and was read to its end, in seconds since 1970; 0
 *             while it is there
 *   archive   into what the file was packed before it was read to its end, and unread: how many bytes
 *             were left, -1 = unknown; both left out otherwise. Kept until somebody acknowledges it
 *             or the lines are read.
 *   verified  up to here it is sure that both queues got it; left out when that is offset
 *
 * A change that an older program cannot read raises CHECKPOINT_VERSION.
 */
#ifndef PRODUCER_CHECKPOINT_H
#define PRODUCER_CHECKPOINT_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/defs.h"
#include "producer/file_identity.h"

/* Its name in supervisor.state_dir. */
#define CHECKPOINT_NAME "checkpoint"

enum { CHECKPOINT_VERSION = 1 };

struct checkpoint_entry {
	char *path;
	char id[FILE_ID_SIZE];
	struct file_identity identity;
	int64_t offset;	  /* everything before it is safe at the broker */
	uint64_t marker;  /* of offset */
	int64_t verified; /* up to here it is sure that both queues got it; at most offset */
	uint64_t verified_marker;
	int64_t gone_s;
	/*
	 * It was packed before it was read to its end: into what (NULL = it was not), and how many
	 * bytes were not read; -1 = unknown.
	 */
	char *archive;
	int64_t unread;
};

struct checkpoint {
	struct checkpoint_entry *entries;
	size_t count, room;
};

enum checkpoint_parse {
	CHECKPOINT_GOOD,
	CHECKPOINT_BAD,	  /* empty, torn, or not a checkpoint */
	CHECKPOINT_NEWER, /* of a later version of this program */
};

/*
 * Read the text; checkpoint gets the entries if GOOD and is empty otherwise; why (if not) says why.
 */
enum checkpoint_parse checkpoint_parse(struct checkpoint *checkpoint, const char *text, size_t len,
				       char *why, size_t why_size) MUST_CHECK;

/* The text for the disk, in new memory; len gets its length. */
char *checkpoint_format(const struct checkpoint *checkpoint, size_t *len) MUST_CHECK;

/* Append a copy of the entry. */
void checkpoint_add(struct checkpoint *checkpoint, const struct checkpoint_entry *entry);

/* Remove entry number index; the last one takes its place. */
void checkpoint_remove(struct checkpoint *checkpoint, size_t index);

/*
 * Forget files gone before oldest_s, and of the rest of the gone ones all but the newest keep. Those
 * with an archive stay.
 */
void checkpoint_expire(struct checkpoint *checkpoint, int64_t oldest_s, size_t keep);

/* The lines of the entry's archive are of no concern any more. */
void checkpoint_forget_archive(struct checkpoint_entry *entry);

/* Forget all entries, keeping the memory for the next ones. */
void checkpoint_reset(struct checkpoint *checkpoint);

void checkpoint_clear(struct checkpoint *checkpoint);

#endif
