/* SPDX-License-Identifier: MIT */
/*
 * db.h - one connection to MySQL or MariaDB. Only files of common/database know <mysql.h>.
 *
 * A session is strict (nothing is changed silently), in UTC, in utf8mb4, without autocommit and
 * without LOCAL INFILE: all that is said by statement after connecting, whatever the server's
 * options or its init_connect ask for, and read back; a session that is otherwise is FATAL. Nothing
 * here reconnects: after RETRY or FATAL roll back, and open a new
 * connection when db_is_lost().
 */
#ifndef COMMON_DATABASE_DB_H
#define COMMON_DATABASE_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "common/process/outcome.h"
#include "common/settings/settings.h"

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

/*
 * Run a query; each row is given to the function as texts (NULL for SQL NULL), as it arrives: the
 * function asks the database for nothing else.
 */
typedef void db_row_fn(void *context, const char *const *values, unsigned count);
enum outcome db_query(struct db *db, const char *sql, db_row_fn *row, void *context,
		      struct failure *failure) MUST_CHECK;

enum outcome db_commit(struct db *db, struct failure *failure) MUST_CHECK;

/* Best effort: when it fails, the connection is lost and the server rolls back. */
void db_rollback(struct db *db);

#endif
