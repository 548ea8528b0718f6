/* SPDX-License-Identifier: MIT */
/*
 * fake_mysql.h - the functions of the MySQL client library that common/database calls: they record
 * what they are asked to do. For tests of db.c and db_insert.c themselves.
 */
#ifndef TESTS_FAKES_FAKE_MYSQL_H
#define TESTS_FAKES_FAKE_MYSQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Nothing fails, the server has bound arrays and max_allowed_packet is 16 MiB. */
void fake_mysql_reset(void);

/*
 * Call number nth (from 1, counted from here) of this function fails with this error:
 * "mysql_real_query", "mysql_stmt_execute", "mysql_commit", ...
 */
void fake_mysql_fail(const char *function, unsigned nth, unsigned error);

/* The SQLSTATE of each failure; "HY000" at first. */
void fake_mysql_set_sqlstate(const char *sqlstate);
/* So much made-up time (fake_time.h) passes in the call that fails. */
void fake_mysql_set_delay(int64_t ms);

void fake_mysql_set_packet(uint64_t bytes);
void fake_mysql_set_arrays(bool can_bind_arrays);
bool fake_mysql_client_has_arrays(void); /* Oracle's client library has none */
/* This session variable stays so (NULL: SQL NULL) whatever is SET. */
void fake_mysql_set_stubborn(const char *variable, const char *value);
/* What a SELECT answers, besides that of session variables. NULL: SQL NULL. */
void fake_mysql_set_answer(const char *value);

/*
 * All that was asked, one a line: "query SQL", "prepare SQL", "row id|text|7|NULL" for each row of a
 * bound array and "execute N" after them, "commit", "rollback", "close".
 */
const char *fake_mysql_record(void);
unsigned fake_mysql_count(const char *begin); /* lines of it that begin so */

#endif
