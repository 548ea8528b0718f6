/* SPDX-License-Identifier: MIT */
/*
 * audit_lookup.h - which of these lines have a row? Asked by primary key, many at once.
 */
#ifndef SUPERVISOR_AUDIT_AUDIT_LOOKUP_H
#define SUPERVISOR_AUDIT_AUDIT_LOOKUP_H

#include "common/database/db.h"
#include "common/database/table.h"

enum {
	AUDIT_LOOKUP_MAX = 400,	 /* the server compares each row with all keys: more is slower */
	AUDIT_KEYS_PER_LINE = 4, /* the last line of a batch may have so many */
};

struct audit_lookup {
	const char *table, *time_column;
	bool by_origin; /* identity = position: the origin is part of the key */
	/* of this batch */
	struct audit_row {
		char id[ROW_ID_LEN];
		int64_t timestamp; /* YYYYMMDDhhmmss */
		uint64_t origin;
		bool *found; /* set when there is such a row */
	} rows[AUDIT_LOOKUP_MAX + AUDIT_KEYS_PER_LINE];
	size_t count;
};

/* DONE, with *found set for those that are there, and the batch empty again; or the failure. */
enum outcome audit_lookup_run(struct audit_lookup *lookup, struct db *db,
			      struct failure *failure) MUST_CHECK;

#endif
