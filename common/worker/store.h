/* SPDX-License-Identifier: MIT */
/*
 * store.h - a batch's rows into the database, whatever it takes: retries, bisection, waiting.
 *
 * RETRY means roll back, back off, reconnect, run all of the batch once more, with everything
 * unacknowledged; REJECT means bisect to the guilty rows and commit the others; FATAL means say it
 * once and retry slowly. An error number of the INSERT that no table lists (a CHECK, a trigger, no
 * partition) may be about one row or about the server:
 *   - when the server takes other rows of the batch, the refused ones are bisected to as well; then,
 *     if it still takes one that it took before, each of them is tried once more, and what it refuses
 *     again, while it takes that one before and after, is rejected as DB_REFUSED;
 *   - when it takes none, the server is sick: that is said, nothing is rejected, and the batch is
 *     tried again on a new connection, with what has come in meanwhile;
 *   - of a row that is alone nobody can tell. After some tries the newest row of the table is offered
 *     once more; if the server takes that, the row is rejected, but no second one before another row
 *     has been stored, and none for want of a partition: that newest row may be from before midnight.
 * A COMMIT whose answer is lost is simply run once more: the keys make
 * repeats harmless.
 */
#ifndef COMMON_WORKER_STORE_H
#define COMMON_WORKER_STORE_H

#include "common/worker/batch.h"
#include "common/database/db_insert.h"
#include "common/process/retry.h"
#include "common/process/process.h"

struct store;

struct store *store_new(struct process *process, const struct table *table, size_t max_rows,
			compare_rows_fn *compare, const struct keepalive *keepalive);
void store_free(struct store **store); /* NULL is fine */

/* One try to connect, to check the schema and to prepare; DONE at once when it is connected. */
enum outcome store_connect(struct store *store, struct failure *failure) MUST_CHECK;

/*
 * Commit all rows of the batch; rows that can never be stored join its rejected lines. DONE, or
 * RETRY when it was interrupted: the process has to stop, or serve() gave up. Then nothing may be
 * acknowledged.
 */
enum outcome store_batch(struct store *store, struct batch *batch) MUST_CHECK;

/* For serve(): so often the server has refused each row of the batch in hand that was tried. */
unsigned store_refusals(const struct store *store);

/* The host that is written to, and how ("array", "values"); for the log. */
const char *store_address(const struct store *store);
const char *store_way(const struct store *store);

#endif
