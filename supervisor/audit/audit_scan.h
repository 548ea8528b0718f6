/* SPDX-License-Identifier: MIT */
/*
 * audit_scan.h - the rows of lines that do not stand where their format puts them: those that were
 * stored with another format, or under another time.
 *
 * The tables are keyed by time and have no index on the id. So all rows of the days around the
 * lines' own times are read once, as a stream; a sieve of the wanted ids lets few others through,
 * and what passes is sorted on disk. The work grows with the rows of those days, whether one line
 * is wanted or ten million; the memory does not.
 */
#ifndef SUPERVISOR_AUDIT_AUDIT_SCAN_H
#define SUPERVISOR_AUDIT_AUDIT_SCAN_H

#include <stdbool.h>

#include "common/database/db.h"
#include "supervisor/audit/audit_key.h"

struct audit_scan;

/* by_origin: identity = position, the origin belongs to the key. */
struct audit_scan *audit_scan_new(bool by_origin);
void audit_scan_free(struct audit_scan **scan); /* NULL is fine */

/*
 * Look for this line; day: of its time in UTC, counted from 1970-01-01, may be negative. The day
 * before, the day after, and 1970-01-01 (rows without a time) are looked at, too.
 */
void audit_scan_want(struct audit_scan *scan, const struct audit_key *key, int32_t day);

/* Read the rows of the table; nothing is asked when nothing is wanted. */
enum outcome audit_scan_run(struct audit_scan *scan, struct db *db, const char *table,
			    const char *time_column, struct failure *failure) MUST_CHECK;

/* There is such a row. Only after audit_scan_run(), and keys are asked for in rising order. */
bool audit_scan_has(struct audit_scan *scan, const struct audit_key *key);

#endif
