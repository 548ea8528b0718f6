/* SPDX-License-Identifier: MIT */
/*
 * store.h - a batch's rows into the database, whatever it takes: retries, bisection, waiting.
 *
 * RETRY means roll back, back off, reconnect, run all of the batch once more, with everything
 * unacknowledged; REJECT means bisect to the guilty rows and commit the others; FATAL means say it
 * once and retry slowly. A COMMIT whose answer is lost is simply run once more: the keys make
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

/* The host that is written to, and how ("array", "values"); for the log. */
const char *store_address(const struct store *store);
const char *store_way(const struct store *store);

#endif
