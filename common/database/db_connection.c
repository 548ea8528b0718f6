/* SPDX-License-Identifier: MIT */
/*
 * db_connection.c - failures of a connection, in words and as outcomes.
 */
#include "common/database/db_connection.h"
#include "common/database/db_errors.h"

enum outcome
db_connection_fail(struct db *db, const char *doing, unsigned number, const char *text,
		   struct failure *failure)
{
	const char *advice = db_error_advice(number);

	failure_set(failure, OUTCOME_RETRY, EX_UNAVAILABLE, "database %s: %s: %.300s [%u]%s%s%s",
		    db->address, doing, text, number, advice[0] != '\0' ? " (" : "", advice,
		    advice[0] != '\0' ? ")" : "");
	db_error_classify(number, failure);
	db->lost = db->lost || db_error_is_lost(number);
	return failure->outcome;
}
