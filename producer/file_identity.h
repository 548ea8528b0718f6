/* SPDX-License-Identifier: MIT */
/*
 * file_identity.h - what makes a log file that file, whatever its name is today.
 *
 * A file is told apart by device, inode and birth time. That alone is not enough: an inode is
 * reused at once, not every file system has a birth time, and a file that is copied and truncated
 * stays the same inode. So the place up to which it was read also has a marker: a hash of the bytes
 * just before it. When the marker no longer fits, the same inode is another file: its generation
 * goes up.
 *
 * The hash is FNV-1a, 64 bits (offset basis 14695981039346656037, prime 1099511628211). It tells
 * changes of log files apart, it is not made against an adversary.
 */
#ifndef PRODUCER_FILE_IDENTITY_H
#define PRODUCER_FILE_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/defs.h"

enum {
	FILE_ID_SIZE = 17,	 /* 16 hex digits and a NUL */
	FILE_MARKER_BYTES = 256, /* at most so many bytes before an offset make its marker */
};

/* The marker of offset 0: the hash of nothing. */
#define FILE_MARKER_NONE UINT64_C(14695981039346656037)

struct file_identity {
	uint64_t device, inode;
	int64_t birth_ns;    /* 0 where the file system does not know it */
	uint32_t generation; /* how often this inode has become another file under our eyes */
};

/* What a look at a file says. */
struct file_look {
	struct file_identity identity; /* generation 0 */
	mode_t mode;
	int64_t size, changed_ns;
};

/*
 * Look at an open file, or (fd < 0) at a path, through symbolic links. Returns 0, or -1 with errno.
 */
int file_look(int fd, const char *path, struct file_look *look) MUST_CHECK;

/* Same device, inode and birth time; the generation is not compared. */
bool file_identity_same(const struct file_identity *a, const struct file_identity *b);

/*
 * The file-id: the hash of "host:device:inode:birth:generation" as 16 hex digits. Machines made from
 * one image have equal devices, inodes and birth times, so the name of the host belongs to it. A
 * file keeps the id that its checkpoint entry has: those of before the host was part of it, too.
 */
void file_identity_format(const struct file_identity *identity, char out[FILE_ID_SIZE]);

/* The marker of a place: the hash of the len bytes before it. */
uint64_t file_marker(const void *bytes, size_t len);

/*
 * The marker of offset, read from the file: 0, or -1 when the bytes are not there (any more) or
 * cannot be read.
 */
int file_marker_read(int fd, int64_t offset, uint64_t *marker) MUST_CHECK;

#endif
