/* SPDX-License-Identifier: MIT */
/*
 * dlq_archive.h - dead letters as NDJSON: one JSON object per line, byte-exact, nothing left out.
 *
 *   {"id": "c…", "queue": "queue-data-clean.dead", "when": "2026-…Z", "reason": …, "detail": …,
 *    "properties": {…}, "body": "the line"}
 *
 * "body_base64" instead of "body" when it is not UTF-8 or has a NUL; properties as in
 * common/broker/broker_whole.h. Only queue, properties and the body are read back; the rest is for people
 * and jq.
 *
 * What is dropped or edited goes to DIR/dead-letters/<queue>-<kind>.ndjson, mode 0600, which is
 * renamed when it has grown to DLQ_ARCHIVE_BYTES. Nothing here ever deletes a letter: old files are
 * yours.
 */
#ifndef SUPERVISOR_DLQ_DLQ_ARCHIVE_H
#define SUPERVISOR_DLQ_DLQ_ARCHIVE_H

#include <jansson.h>
#include <stdio.h>

#include "supervisor/dlq/dlq_letter.h"

#define DLQ_ARCHIVE_FOLDER "dead-letters" /* in supervisor.state_dir */
#define DLQ_ARCHIVE_SUFFIX ".ndjson"

enum { DLQ_ARCHIVE_BYTES = 64 << 20 };

/* The letter as an object, the caller's. */
json_t *dlq_entry_new(const struct dlq_letter *letter);

/*
 * Write an object as one line of ASCII, which no terminal can take for orders. 0, or -1 with errno.
 */
int dlq_json_line(FILE *out, const json_t *object);

/* A line read back. */
struct dlq_entry {
	enum dlq_queue queue;
	json_t *properties;
	char *body;
	size_t body_len;
};
int dlq_entry_parse(const char *line, size_t len, struct dlq_entry *entry, char *error,
		    size_t error_size) MUST_CHECK;
void dlq_entry_free(struct dlq_entry *entry);
uint64_t dlq_entry_id(struct md5 *md5, const struct dlq_entry *entry);

/*
 * The message with its body and the headers that are texts or numbers, as spans into the entry.
 * What JSON cannot say plainly ("$text", "$table") is left out: only others' headers are such.
 */
struct message dlq_entry_message(const struct dlq_entry *entry);

/* --- the archive of a queue --- */

struct dlq_archive;

/*
 * Open for writing at its end, alone: waits for another sluicectl that writes there. A last line
 * that was torn by a crash is cut off: its letter never left the queue. On failure NULL and error.
 */
struct dlq_archive *dlq_archive_open(const char *state_dir, enum dlq_queue queue, const char *kind,
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
