/* SPDX-License-Identifier: MIT */
/*
 * db_connection.c - failures of a connection, in words and as outcomes.
 */
#include "common/database/db_connection.h"
#include "common/database/db_errors.h"
#include "common/base/clock.h"

#include <stdio.h>

enum { LIMIT_TOLERANCE_MS = 200 }; /* the library's clock is not ours */

void
db_connection_begin(struct db *db)
{
	db->begun_ms = clock_mono_ms();
}

enum outcome
db_connection_fail(struct db *db, const char *doing, unsigned number, const char *text,
		   struct failure *failure)
{
	const char *advice = db_error_advice(number);
	int64_t took_ms = clock_mono_ms() - db->begun_ms;
	char own_words[120];

	if (db_error_is_lost(number) && db->limit_ms > 0 &&
	    took_ms >= db->limit_ms - LIMIT_TOLERANCE_MS) {
		snprintf(own_words, sizeof(own_words),
			 "no answer within %lld s, and no longer is waited for one",
			 (long long)(db->limit_ms / 1000));
		text = own_words;
		if (advice[0] == '\0')
			advice = "is the server overloaded, or the table locked?";
	}
	failure_set(failure, OUTCOME_RETRY, EX_UNAVAILABLE, "database %s: %s: %.300s [%u]%s%s%s",
		    db->address, doing, text, number, advice[0] != '\0' ? " (" : "", advice,
		    advice[0] != '\0' ? ")" : "");
	db_error_classify(number, failure);
	db->lost = db->lost || db_error_is_lost(number);
	return failure->outcome;
}
