/* SPDX-License-Identifier: MIT */
/*
 * store.c - a batch's rows into the database.
 */
#include "common/worker/store.h"
#include "common/database/db_errors.h"
#include "common/base/fault.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"

#include <stdlib.h>

enum {
	UNKNOWN_RETRIES_MAX = 5, /* an error number without an entry becomes FATAL after these */
	BREAKER_LINES = 10000,	 /* rejections by the database are judged over so many lines */
};

struct store {
	struct process *process;
	const struct table *table;
	size_t max_rows;
	compare_rows_fn *compare;
	struct keepalive keepalive;
	struct db *db;
	struct db_insert *insert;
	size_t host;  /* of database.hosts: the one that answered last, or is tried next */
	bool serving; /* a batch is in hand: the broker has to be served */
	struct outage outage;
	unsigned unknown_failures;
	uint64_t recent_rows, recent_rejected; /* halved when recent_rows passes BREAKER_LINES */
};

struct store *
store_new(struct process *process, const struct table *table, size_t max_rows,
	  compare_rows_fn *compare, const struct keepalive *keepalive)
{
	struct store *store = xcalloc(1, sizeof(*store));

	store->process = process;
	store->table = table;
	store->max_rows = max_rows;
	store->compare = compare;
	store->keepalive = *keepalive;
	store->outage.backoff.min_ms = process->settings->database.retry_min_ms;
	store->outage.backoff.max_ms = process->settings->database.retry_max_ms;
	return store;
}

static void
disconnect(struct store *store)
{
	db_insert_close(&store->insert);
	db_close(&store->db);
}

void
store_free(struct store **store)
{
	if (*store == NULL)
		return;
	disconnect(*store);
	free(*store);
	*store = NULL;
}

static enum outcome
connect_host(struct store *store, struct failure *failure)
{
	const struct settings *settings = store->process->settings;
	struct database_settings database = settings->database;
	/* below two heartbeats: the broker must not give up on us while the database is silent */
	int64_t timeout_s = MAX(1, settings->broker.heartbeat_s * 3 / 2 - 1);

	database.hosts = (struct text_list){.items = &settings->database.hosts.items[store->host],
					    .count = 1};
	if (db_open(&store->db, &database, timeout_s, failure) == OUTCOME_DONE &&
	    db_check_schema(store->db, failure) == OUTCOME_DONE &&
	    db_insert_open(&store->insert, store->db, store->table, store->max_rows,
			   settings->database.insert, failure) == OUTCOME_DONE)
		return OUTCOME_DONE;
	disconnect(store);
	return failure->outcome;
}

enum outcome
store_connect(struct store *store, struct failure *failure)
{
	size_t hosts = store->process->settings->database.hosts.count;

	if (store->db != NULL)
		return OUTCOME_DONE;
	for (size_t tries = 0; tries < hosts; tries++) {
		if (connect_host(store, failure) == OUTCOME_DONE)
			return OUTCOME_DONE;
		store->host = (store->host + 1) % hosts;
		status_beat(store->process->status);
		/* Each silent host takes its time: between two of them the broker is served. */
		if (store->serving && tries + 1 < hosts &&
		    !store->keepalive.serve(store->keepalive.context))
			break;
	}
	return failure->outcome;
}

const char *
store_address(const struct store *store)
{
	return store->db != NULL ? db_address(store->db) : "";
}

const char *
store_way(const struct store *store)
{
	return store->insert != NULL ? db_insert_way(store->insert) : "";
}

/* One try: all of these rows in one transaction, or none. */
static enum outcome
try_rows(struct store *store, const void *const *rows, size_t count, uint64_t *inserted,
	 struct failure *failure)
{
	if (store_connect(store, failure) != OUTCOME_DONE)
		return failure->outcome;
	if (db_insert_rows(store->insert, rows, count, inserted, failure) == OUTCOME_DONE) {
		FAULT_POINT("worker.after_insert");
		if (db_commit(store->db, failure) == OUTCOME_DONE)
			return OUTCOME_DONE;
	}
	db_rollback(store->db);
	/* A connection keeps what rights it had: only a new one sees that a GRANT has come back. */
	if (db_is_lost(store->db) || failure->outcome == OUTCOME_FATAL)
		disconnect(store);
	return failure->outcome;
}

/* RETRY for ever would hide an error that nobody has thought of; a person has to look. */
static void
store_bound_unknown(struct store *store, struct failure *failure)
{
	if (failure->outcome != OUTCOME_RETRY || db_error_is_known((unsigned)failure->code))
		return;
	if (++store->unknown_failures > UNKNOWN_RETRIES_MAX)
		failure->outcome = OUTCOME_FATAL;
}

/* False when it is pointless to go on. */
static bool
wait_after(struct store *store, const struct failure *failure, unsigned tries)
{
	return retry_wait(&store->keepalive, store->process, &store->outage, failure, tries);
}

/* All of these rows, however often it takes. DONE, REJECT, or RETRY when interrupted. */
static enum outcome
store_until_done(struct store *store, const void *const *rows, size_t count, uint64_t *inserted,
		 struct failure *failure)
{
	for (unsigned tries = 1;; tries++) {
		enum outcome outcome = try_rows(store, rows, count, inserted, failure);

		if (outcome == OUTCOME_DONE) {
			store->unknown_failures = 0;
			outage_over(&store->outage, "rows are stored", store->process->status);
		}
		if (outcome == OUTCOME_DONE || outcome == OUTCOME_REJECT)
			return outcome;
		store_bound_unknown(store, failure);
		if (!wait_after(store, failure, tries))
			return OUTCOME_RETRY;
	}
}

/* A sick database must not turn good lines into dead letters: too many rejections, and we stop. */
static bool
store_breaker_is_open(struct store *store)
{
	uint64_t percent = (uint64_t)store->process->settings->database.reject_stop_percent;

	return percent < 100 && store->recent_rows >= 100 &&
	       store->recent_rejected * 100 > store->recent_rows * percent;
}

static void
count_rows(struct store *store, size_t rows, size_t rejected)
{
	store->recent_rows += rows;
	store->recent_rejected += rejected;
	if (store->recent_rows > BREAKER_LINES) {
		store->recent_rows /= 2;
		store->recent_rejected /= 2;
	}
}

static enum outcome
reject_row(struct store *store, struct batch *batch, const void *row, const struct failure *cause)
{
	count_rows(store, 1, 1);
	while (store_breaker_is_open(store)) {
		struct failure failure;

		failure_set(&failure, OUTCOME_FATAL, EX_DATAERR,
			    "the database rejects more than %lld %% of recent lines "
			    "(database.reject_stop_percent), the last one because: %.300s",
			    (long long)store->process->settings->database.reject_stop_percent,
			    cause->text);
		if (!wait_after(store, &failure, RETRY_NONE_LEFT))
			return OUTCOME_RETRY;
		/*
		 * One more chance for a mended database. The figures are set so that a sick one can
		 * only reject a line or two before it is stopped again.
		 */
		store->recent_rows = 100;
		store->recent_rejected = (uint64_t)MAX(
			0, store->process->settings->database.reject_stop_percent - 1);
		return OUTCOME_FATAL;
	}
	batch_reject_row(batch, row, cause->reason, cause->text);
	return OUTCOME_DONE;
}

/* Store the rows; when the data of one is at fault, halve until it is alone. */
static enum outcome
store_rows(struct store *store, struct batch *batch, const void *const *rows, size_t count)
{
	uint64_t inserted = 0;
	struct failure failure;
	enum outcome outcome = store_until_done(store, rows, count, &inserted, &failure);

	if (outcome == OUTCOME_DONE) {
		count_rows(store, count, 0);
		status_add(store->process->status, COUNTER_BATCHES, 1);
		status_add(store->process->status, COUNTER_ROWS_STORED, inserted);
		status_add(store->process->status, COUNTER_ROWS_KNOWN, count - inserted);
		return OUTCOME_DONE;
	}
	if (outcome != OUTCOME_REJECT)
		return outcome;
	if (count == 1) {
		outcome = reject_row(store, batch, rows[0], &failure);
		return outcome == OUTCOME_FATAL ? store_rows(store, batch, rows, count) : outcome;
	}
	outcome = store_rows(store, batch, rows, count / 2);
	if (outcome != OUTCOME_DONE)
		return outcome;
	return store_rows(store, batch, rows + count / 2, count - count / 2);
}

enum outcome
store_batch(struct store *store, struct batch *batch)
{
	size_t count = batch_row_count(batch);
	enum outcome outcome;

	if (count == 0)
		return OUTCOME_DONE;
	store->serving = true;
	outcome = store_rows(store, batch, batch_sorted_rows(batch, store->compare), count);
	store->serving = false;
	return outcome;
}
