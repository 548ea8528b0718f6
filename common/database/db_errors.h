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
};

/*
 * Sets outcome, reason, exit_code and code of a failure; the text is the caller's. A number that is
 * not in the table becomes RETRY: the caller bounds those retries (see db_error_is_known).
 */
void db_error_classify(unsigned number, struct failure *failure);

bool db_error_is_known(unsigned number);

/* It means that the connection is gone. */
bool db_error_is_lost(unsigned number);

/* A word of advice for people, "" when there is none. */
const char *db_error_advice(unsigned number);

#endif
