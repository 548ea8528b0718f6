/* SPDX-License-Identifier: MIT */
/*
 * db_errors.h - what an error number of MySQL or MariaDB, server or client, means for us: one
 * table.
 */
#ifndef COMMON_DATABASE_DB_ERRORS_H
#define COMMON_DATABASE_DB_ERRORS_H

#include <stdbool.h>

#include "common/process/outcome.h"

enum {
	DB_ERROR_NO_SUCH_COLUMN = 1054,
	DB_ERROR_NO_SUCH_TABLE = 1146,
	DB_ERROR_NO_PARTITION = 1526, /* for this value: not in the table of errors */
};

/*
 * Sets outcome, reason, exit_code and code of a failure; the text is the caller's. A number that is
 * not in the table becomes RETRY: the caller bounds those retries (see db_error_is_known).
 */
void db_error_classify(unsigned number, struct failure *failure);

bool db_error_is_known(unsigned number);

/*
 * What an INSERT ended in is the server's word about its rows: a number that is not in the table, or
 * SQLSTATE 45000, which a trigger says whatever number it gives. Not what the client library says
 * of itself.
 */
bool db_error_is_refusal(unsigned number, const char *sqlstate);

/* It means that the connection is gone. */
bool db_error_is_lost(unsigned number);

/* A word of advice for people, "" when there is none. */
const char *db_error_advice(unsigned number);

#endif
