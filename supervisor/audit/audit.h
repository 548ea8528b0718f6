/* SPDX-License-Identifier: MIT */
/*
 * audit.h - the proof of the invariant: for each queue, the lines of the files are its table's
 * rows, its dead letters, and the letters that people dropped or edited; and nothing is missing.
 *
 * Give it all lines (audit_line), then all letters of both queues, dead and archived
 * (audit_letter), then audit_finish(). Lines are compared by the MD5 of their bytes; with identity
 * = position also by their place. Lines and letters are sorted on disk, so memory stays the same at
 * any size.
 *
 * A row is found wherever it stands: first by the key that the line's format gives, and by those of
 * the other formats when it has not the form of its own; what is nowhere then, by its id among all
 * rows of the days around its time. A line without any time is looked for at the days of its
 * neighbours in the file, and among the rows without a time.
 *
 * A line over producer.max_line_bytes is no row; its start is a dead letter of both queues, which
 * says at which offset the line was. It counts as there when its start and its offset fit.
 */
#ifndef SUPERVISOR_AUDIT_AUDIT_H
#define SUPERVISOR_AUDIT_AUDIT_H

#include "common/database/db.h"
#include "common/message/message.h"
#include "common/settings/stage.h"
#include "supervisor/audit/audit_file.h"

/* Where a letter is: in the dead-letter queue, or in the archive of dropped and edited ones. */
enum audit_location { AUDIT_DEAD, AUDIT_ARCHIVE, AUDIT_LOCATIONS };

/*
 * All counts are of distinct lines, but `lines` and letter_lines. distinct = stored + dead +
 * archived + missing for each queue.
 */
struct audit_result {
	uint64_t lines, distinct;
	uint64_t unfinished; /* last lines without LF that are nowhere: not yet lines */
	uint64_t too_long;
	struct {
		uint64_t stored;
		uint64_t elsewhere; /* of the stored ones: under a time that no format gives */
		uint64_t dead;	    /* in the dead-letter queue and no row */
		uint64_t archived;  /* in the archive, neither row nor dead letter */
		uint64_t both;	    /* of the stored ones: also in the dead-letter queue */
		uint64_t missing;   /* nowhere */
		uint64_t letter_lines[AUDIT_LOCATIONS]; /* all lines of all letters, of any file */
	} queue[STAGE_COUNT];
	struct audit_missing {
		unsigned file;
		int64_t offset;
		unsigned queues; /* bits: 1 << STAGE_LAKE, ... */
	} *missing;		 /* the first ones, in the order of the files; at most the limit */
	size_t missing_count;
};

struct audit;

/* Files are numbered from 0; limit: how many missing lines are kept by place. */
struct audit *audit_new(struct db *db, const struct settings *settings, size_t limit);
void audit_free(struct audit **audit); /* its result too; NULL is fine */

/* A line of file number file, whose format is named. Failures are those of the database. */
enum outcome audit_line(struct audit *audit, unsigned file, const char *file_id, struct span format,
			const struct audit_line *line, struct failure *failure) MUST_CHECK;

void audit_letter(struct audit *audit, enum stage_id queue, enum audit_location location,
		  const struct message *message);

/* Look up what is left, sort, compare. The result is the audit's. */
enum outcome audit_finish(struct audit *audit, const struct audit_result **result,
			  struct failure *failure) MUST_CHECK;

#endif
