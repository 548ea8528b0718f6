/* SPDX-License-Identifier: MIT */
/*
 * db.h - one connection to MySQL or MariaDB; db.c and db_insert.c are the only files that know
 * <mysql.h>.
 *
 * A session is strict (nothing is changed silently), in UTC, in utf8mb4, without autocommit and
 * without LOCAL INFILE. Nothing here reconnects: after RETRY or FATAL roll back, and open a new
 * connection when db_is_lost().
 */
#ifndef COMMON_DATABASE_DB_H
#define COMMON_DATABASE_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "common/process/outcome.h"
#include "common/settings/settings.h"
#include "common/database/table.h"

struct db;

/*
 * Connect to the first host that answers. No call on the connection waits longer than timeout_s for
 * the server: keep it below two heartbeats of a broker connection that has to be served meanwhile.
 * On failure *db is NULL and failure says what, where and what to do.
 */
enum outcome db_open(struct db **db, const struct database_settings *settings, int64_t timeout_s,
		     struct failure *failure) MUST_CHECK;

/* Close, free, set to NULL; an open transaction is rolled back by the server. NULL is fine. */
void db_close(struct db **db);

/* "127.0.0.1:3306": where this connection goes. */
const char *db_address(const struct db *db);

/* The last failure has ended the connection. */
bool db_is_lost(const struct db *db);

/*
 * DONE if the tables are those that this program was built for (common/database/schema.h). Otherwise FATAL
 * with the command that helps, or the connection's failure.
 */
enum outcome db_check_schema(struct db *db, struct failure *failure) MUST_CHECK;

/* Run a statement without a result, or whose result nobody wants. */
enum outcome db_execute(struct db *db, const char *sql, struct failure *failure) MUST_CHECK;

/* Run a query; each row is given to the function as texts (NULL for SQL NULL). */
typedef void db_row_fn(void *context, const char *const *values, unsigned count);
enum outcome db_query(struct db *db, const char *sql, db_row_fn *row, void *context,
		      struct failure *failure) MUST_CHECK;

enum outcome db_commit(struct db *db, struct failure *failure) MUST_CHECK;

/* Best effort: when it fails, the connection is lost and the server rolls back. */
void db_rollback(struct db *db);

/* --- inserting rows --- */

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
 * then bisect. Sends as many statements as max_allowed_packet asks for.
 */
enum outcome db_insert_rows(struct db_insert *insert, const void *const *rows, size_t count,
			    uint64_t *inserted, struct failure *failure) MUST_CHECK;

/* "array" or "values": what the server and the setting led to. */
const char *db_insert_way(const struct db_insert *insert);

#endif
