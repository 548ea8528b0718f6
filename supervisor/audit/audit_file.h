/* SPDX-License-Identifier: MIT */
/*
 * audit_file.h - the lines of a log file for `sluicectl audit`, in bounded memory however long one
 * is, and what the producer would call that file.
 */
#ifndef SUPERVISOR_AUDIT_AUDIT_FILE_H
#define SUPERVISOR_AUDIT_AUDIT_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/settings/settings.h"
#include "common/base/span.h"
#include "producer/file_identity.h"

/* The largest producer.max_line_bytes: nothing longer can be a row. */
enum { AUDIT_LINE_MAX = 16 << 20 };

struct audit_file {
	const char *path; /* borrowed */
	char id[FILE_ID_SIZE];
	int64_t size;  /* when it was opened: what is written later is not looked at */
	int64_t limit; /* how far its lines are read: its size; of a stream there is no limit */
	int fd;
	int packing;	/* how it is packed; -1 = it is not */
	pid_t unpacker; /* whose output the lines are; 0 = none yet, -1 = it has ended */
	int64_t read_to;
	char *buffer;
	size_t buffer_size, start, used;
	int64_t max_line_bytes; /* set after opening; of longer lines NULs before them are no part */
};

struct audit_line {
	int64_t offset;	   /* of its first byte */
	int64_t length;	   /* without LF, with CR: what the producer measures */
	struct span text;  /* without line end; of a line beyond AUDIT_LINE_MAX its first bytes */
	struct span start; /* the same, with a CR */
	bool has_lf;
};

/*
 * Open for reading. A packed file is unpacked by the usual program for it (gzip, bzip2, xz, zstd,
 * lz4), and "-" is standard input; offsets are those of the text. state_dir (NULL = do not look) is
 * where the producer's checkpoint may name the file, which it can only do for one that is no stream.
 * Returns 0, or an exit code of sysexits.h after a message.
 */
int audit_file_open(struct audit_file *file, const char *path, const char *state_dir) MUST_CHECK;
void audit_file_close(struct audit_file *file);

/* It is standard input or a packed file: nobody knows what the producer called it. */
bool audit_file_is_stream(const struct audit_file *file);

/*
 * The next line as the producer would cut it (reader.h), valid until the next call. 1, or 0 at the end, or -1
 * with errno.
 */
int audit_file_next(struct audit_file *file, struct audit_line *line) MUST_CHECK;

/* What that errno means for this file. */
void audit_file_explain(const struct audit_file *file, int error, char *out, size_t out_size);

/*
 * The format of the input whose pattern names this path, also as a rotated one (access.log.1,
 * access.log-20240101, access.log.2.gz); if none does, the one that all inputs share. NULL when that is not clear.
 */
const char *audit_file_format(const struct settings *settings, const char *path);

#endif
