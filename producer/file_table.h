/* SPDX-License-Identifier: MIT */
/*
 * file_table.h - the log files that are open, and what the checkpoint says of those that are not.
 */
#ifndef PRODUCER_FILE_TABLE_H
#define PRODUCER_FILE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "producer/checkpoint.h"
#include "producer/file_watch.h"
#include "producer/log_file.h"

enum { FILE_TABLE_QUIET_MS = 60000 }; /* a rotated file silent for so long has ended */

enum {
	FILE_TABLE_RESERVE =
		32,	      /* descriptors kept for broker, checkpoint, inotify, log, look-ups */
	FILE_TABLE_LEAST = 4, /* and files hold so many whatever the limit is */
};

struct file_table {
	bool once; /* each file ends at its end, and none is watched */
	struct log_file **files;
	size_t count, room;
	struct checkpoint retained; /* entries of files that are not open now */
	struct file_watch watch;
	size_t hint;	  /* where the file of the last match was found */
	bool changed;	  /* the checkpoint should be written though no frame was confirmed */
	int64_t quiet_ms; /* FILE_TABLE_QUIET_MS; shorter in tests */
	size_t open_max;  /* files that may hold a descriptor, as of the last look at the limit */
	uint64_t uses;
};

/* checkpoint is taken over, and empty afterwards. */
void file_table_open(struct file_table *table, struct checkpoint *checkpoint, bool once);

/* Close and free all files. No frame may be on its way any more. */
void file_table_close(struct file_table *table);

/* Take the file into the table and watch it. */
void file_table_add(struct file_table *table, struct log_file *file);

/*
 * Descriptors. The process may have as many as RLIMIT_NOFILE says; files take turns with what is
 * left of them after FILE_TABLE_RESERVE: who was read least recently is closed first, one with
 * something to read last, and never one that has frames on their way or is no longer at its path.
 */

/* Look at the limit, and close files that are beyond it, as far as they can be closed. */
void file_table_trim(struct file_table *table);

/* How many files hold a descriptor. */
size_t file_table_open_count(const struct file_table *table);

/* A closed file could be opened now. */
bool file_table_has_room(const struct file_table *table);

enum file_resume {
	FILE_OPEN,  /* it holds a descriptor */
	FILE_WAITS, /* not now; why is logged unless it is just not its turn */
	FILE_GONE,  /* it can no longer be found */
};

/* Open the file again if it is closed, and close another one for it if need be. */
enum file_resume file_table_resume(struct file_table *table, struct log_file *file) MUST_CHECK;

/* Free file number i; the last one takes its place. */
void file_table_remove(struct file_table *table, size_t i);

/*
 * Start reading what log_file_open() gave, where the retained entries say; that is logged. Takes
 * fd. path may be that of a retained entry. The table owns the file. A file with the bytes that were
 * read of one that was packed before its end (FILE_MARKER_BYTES or more) is that one, unpacked: it
 * goes on behind them, and its lines keep their file-id.
 */
struct log_file *file_table_start(struct file_table *table, const char *path,
				  const struct input_settings *input, int fd,
				  const struct file_look *look);

/* The open file with that identity, one that has not ended if there is one; NULL = none. */
struct log_file *file_table_find(struct file_table *table, const struct file_identity *identity);

/*
 * The index of the retained entry of a file, also when only its device has another number since a
 * reboot; or -1.
 */
ssize_t file_table_find_retained(const struct file_table *table, const char *path,
				 const struct file_identity *identity);

/* The file has ended, and another generation of the same inode is in the table. */
bool file_table_has_successor(const struct file_table *table, const struct log_file *file);

#endif
