/* SPDX-License-Identifier: MIT */
/*
 * dlq_archive.h - the files that keep letters which were dropped or edited.
 *
 * What is dropped or edited goes to DIR/dead-letters/<queue>-<kind>.ndjson, mode 0600, which is
 * renamed when it has grown to DLQ_ARCHIVE_BYTES. Nothing here ever deletes a letter: old files are
 * yours.
 */
#ifndef SUPERVISOR_DLQ_DLQ_ARCHIVE_H
#define SUPERVISOR_DLQ_DLQ_ARCHIVE_H

#include <jansson.h>
#include <stddef.h>

#include "common/settings/stage.h"

#define DLQ_ARCHIVE_FOLDER "dead-letters" /* in supervisor.state_dir */
#define DLQ_ARCHIVE_SUFFIX ".ndjson"

enum { DLQ_ARCHIVE_BYTES = 64 << 20 };

struct dlq_archive;

/*
 * Open for writing at its end, alone: waits for another sluicectl that writes there. A last line
 * that was torn by a crash is cut off: its letter never left the queue. On failure NULL and error.
 */
struct dlq_archive *dlq_archive_open(const char *state_dir, enum stage_id queue, const char *kind,
				     char *error, size_t error_size) MUST_CHECK;

/* Append; safe only after dlq_archive_sync() has returned 0. Both return 0, or -1 with errno. */
int dlq_archive_add(struct dlq_archive *archive, const json_t *entry) MUST_CHECK;
int dlq_archive_sync(struct dlq_archive *archive) MUST_CHECK;

const char *dlq_archive_path(const struct dlq_archive *archive);
void dlq_archive_close(struct dlq_archive **archive); /* NULL is fine */

/*
 * Lock the folder of an archive against writers, for a restore that takes entries out. Returns a
 * descriptor to close, or -1 with errno.
 */
int dlq_archive_lock(const char *folder) MUST_CHECK;

#endif
