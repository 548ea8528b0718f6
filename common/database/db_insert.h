/* SPDX-License-Identifier: MIT */
/*
 * db_insert.h - rows into a table, many at a time.
 */
#ifndef COMMON_DATABASE_DB_INSERT_H
#define COMMON_DATABASE_DB_INSERT_H

#include "common/database/db.h"
#include "common/database/table.h"

struct db_insert;

/*
 * Prepare inserting into a table, at most max_rows rows a call. A row whose key is there already
 * changes nothing. Lives as long as the connection; free it first. way: settings->insert.
 */
enum outcome db_insert_open(struct db_insert **insert, struct db *db, const struct table *table,
			    size_t max_rows, int way, struct failure *failure) MUST_CHECK;
void db_insert_close(struct db_insert **insert);

/*
 * Insert rows (pointers to row structs) in the open transaction; *inserted gets how many were new.
 * REJECT: one of them can never be stored; the transaction holds some of the others: roll back,
 * then bisect. With reason DB_REFUSED the server says so by a number that no table lists: it may be
 * that it refuses every row. Sends as many statements as max_allowed_packet asks for.
 */
enum outcome db_insert_rows(struct db_insert *insert, const void *const *rows, size_t count,
			    uint64_t *inserted, struct failure *failure) MUST_CHECK;

/*
 * Offer the newest row of the table to the server once more, in the open transaction: does it take
 * rows at all? Changes nothing; roll back afterwards. *found is false when the table is empty.
 */
enum outcome db_insert_newest(struct db_insert *insert, bool *found,
			      struct failure *failure) MUST_CHECK;

/* "array" or "values": what the server and the setting led to. */
const char *db_insert_way(const struct db_insert *insert);

#endif
