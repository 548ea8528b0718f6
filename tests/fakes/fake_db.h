/* SPDX-License-Identifier: MIT */
/*
 * fake_db.h - a database in memory, in place of db.c and db_insert.c: transactions, rows with one
 * key, connections that are lost.
 *
 * A call that fails with RETRY or REJECT leaves half of what it was to insert in the open
 * transaction, as a real one does after a lock wait timeout: a COMMIT without a ROLLBACK before is
 * our bug, and an assertion fails. A failure's code decides whether the connection is lost.
 */
#ifndef TESTS_FAKES_FAKE_DB_H
#define TESTS_FAKES_FAKE_DB_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/fakes/fake.h"

/* Forget all rows. No connection may be open. */
void fake_db_reset(void);

/*
 * Rows with this text in a column can never be stored ("": none can): db_errors.h says what the code
 * means; one that it does not know is a refusal (DB_REFUSED).
 */
void fake_db_refuse(const char *text, unsigned code); /* NULL: all can be stored */

/* Committed rows. */
size_t fake_db_row_count(const char *table);
bool fake_db_has(const char *table, const char *column, const char *value);

/* Connections that are open. */
size_t fake_db_connections(void);

#endif
