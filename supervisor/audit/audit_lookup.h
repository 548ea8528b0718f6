/* SPDX-License-Identifier: MIT */
/*
 * audit_lookup.h - which of these lines have a row? Asked by primary key, many at once.
 *
 * Lines of a file come more or less in the order of time, and so do rows. So all rows between the
 * first and the last time of a batch are read in one go, if they are not many more than the lines;
 * what lies outside, and batches between whose times there are too many rows of other files, is asked
 * for key by key, some hundred keys in a statement.
 */
#ifndef SUPERVISOR_AUDIT_AUDIT_LOOKUP_H
#define SUPERVISOR_AUDIT_AUDIT_LOOKUP_H

#include "common/database/db.h"
#include "common/database/table.h"

enum {
	AUDIT_LOOKUP_MAX = 16384,
	AUDIT_KEYS_PER_LINE = 4, /* the last line of a batch may have so many */
};

/* Zero it, and set the first three. */
struct audit_lookup {
	const char *table, *time_column;
	bool by_origin; /* identity = position: the origin is part of the key */
	/* how many batches are not worth the attempt to read all rows between their times */
	unsigned skip, skip_next;
	/* of this batch */
	struct audit_row {
		char id[ROW_ID_LEN];
		int64_t timestamp; /* YYYYMMDDhhmmss */
		uint64_t origin;
		bool *found; /* set when there is such a row */
	} rows[AUDIT_LOOKUP_MAX + AUDIT_KEYS_PER_LINE];
	struct audit_row *by_id[AUDIT_LOOKUP_MAX + AUDIT_KEYS_PER_LINE];
	size_t count, answered; /* answered: rows that came back */
	int64_t first, last;	/* between which times rows are read */
};

/* DONE, with *found set for those that are there, and the batch empty again; or the failure. */
enum outcome audit_lookup_run(struct audit_lookup *lookup, struct db *db,
			      struct failure *failure) MUST_CHECK;

#endif
