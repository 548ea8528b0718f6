/* SPDX-License-Identifier: MIT */
/*
 * audit_archive.h - all letters that people dropped or edited, for `sluicectl audit`.
 *
 * They are in DIR/dead-letters/, in every file *.ndjson (dlq_archive.h has the format); DIR is
 * supervisor.state_dir. One letter is in memory at a time. A folder that does not exist is no
 * archive. A last line without LF is passed over: its letter never left the queue.
 */
#ifndef SUPERVISOR_AUDIT_AUDIT_ARCHIVE_H
#define SUPERVISOR_AUDIT_AUDIT_ARCHIVE_H

#include "supervisor/audit/audit.h"

struct audit_archive_reader {
	/* A letter; the message is valid during the call only. */
	void (*on_letter)(void *context, enum stage_id queue, const struct message *message);
	/* What cannot be read, by file and line; its letters seem to be missing. */
	void (*on_warning)(void *context, const char *text);
	void *context;
};

/*
 * Ask after the dead letters: whatever is dropped or edited meanwhile is then seen in one of the
 * two. Only what is restored meanwhile may be seen in neither.
 */
void audit_archive_walk(const char *state_dir, const struct audit_archive_reader *reader);

#endif
