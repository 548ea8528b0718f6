/* SPDX-License-Identifier: MIT */
/*
 * store.c - a batch's rows into the database.
 */
#include "common/worker/store.h"
#include "common/database/db_errors.h"
#include "common/base/clock.h"
#include "common/base/fault.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"

#include <stdlib.h>

enum {
	UNKNOWN_RETRIES_MAX = 5, /* an error number without an entry becomes FATAL after these */
	BREAKER_LINES = 10000,	 /* rejections by the database are judged over so many lines */
	PROBES_MAX = 16, /* so many rows of a batch are asked whether the server takes any */
	LONE_TRIES = 5,	 /* of a refused row that is alone, before the newest row is asked */
	SERVE_EVERY_MS = 1000,
};

enum what_then { KEEP, ROLL_BACK };

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
	int64_t served_ms;		       /* when serve() was last called */

	/* Of the batch in hand: what the server refuses by a number that no table lists. */
	const void **rows, **refused;
	size_t row_count, refused_count;
	const void *const *taken; /* a row that the server takes; NULL = none is known */
	unsigned tries;		  /* it has taken none, so often */
	bool lone;		  /* the only row, and the newest one of the table is taken */
	bool lone_spent;	  /* one such was rejected, and no row has been stored since */
	struct failure sick;
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
	store->refused = xcalloc(max_rows, sizeof(*store->refused));
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
	free((*store)->refused);
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

/* After a failure: nothing of the transaction stays. A refused right may have come back: reconnect. */
static void
give_up_transaction(struct store *store, const struct failure *failure)
{
	db_rollback(store->db);
	if (db_is_lost(store->db) || failure->outcome == OUTCOME_FATAL)
		disconnect(store);
}

/* One try: all of these rows in one transaction, or none. */
static enum outcome
try_rows(struct store *store, const void *const *rows, size_t count, enum what_then then,
	 uint64_t *inserted, struct failure *failure)
{
	if (store_connect(store, failure) != OUTCOME_DONE)
		return failure->outcome;
	if (db_insert_rows(store->insert, rows, count, inserted, failure) == OUTCOME_DONE) {
		if (then == ROLL_BACK) {
			db_rollback(store->db);
			return OUTCOME_DONE;
		}
		FAULT_POINT("worker.after_insert");
		if (db_commit(store->db, failure) == OUTCOME_DONE)
			return OUTCOME_DONE;
	}
	give_up_transaction(store, failure);
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
	bool go_on = retry_wait(&store->keepalive, store->process, &store->outage, failure, tries);

	store->served_ms = clock_mono_ms();
	return go_on;
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

static void
note_stored(struct store *store, size_t count, uint64_t inserted)
{
	struct status_page *status = store->process->status;

	store->lone_spent = false;
	count_rows(store, count, 0);
	status_add(status, COUNTER_BATCHES, 1);
	status_add(status, COUNTER_ROWS_STORED, inserted);
	status_add(status, COUNTER_ROWS_KNOWN, count - inserted);
}

/* A bisection can take long, and the broker wants to hear of us. */
static bool
serve_now_and_then(struct store *store)
{
	int64_t now_ms = clock_mono_ms();

	if (now_ms - store->served_ms < SERVE_EVERY_MS)
		return true;
	store->served_ms = now_ms;
	status_beat(store->process->status);
	return store->keepalive.serve(store->keepalive.context);
}

/* All of these rows, however often it takes. DONE, REJECT, or RETRY when interrupted. */
static enum outcome
store_until_done(struct store *store, const void *const *rows, size_t count, enum what_then then,
		 struct failure *failure)
{
	for (unsigned tries = 1;; tries++) {
		uint64_t inserted = 0;
		enum outcome outcome = try_rows(store, rows, count, then, &inserted, failure);

		if (outcome == OUTCOME_DONE) {
			store->unknown_failures = 0;
			outage_over(&store->outage, "rows are stored", store->process->status);
		}
		if (outcome == OUTCOME_DONE && then == KEEP)
			note_stored(store, count, inserted);
		if (outcome == OUTCOME_DONE || outcome == OUTCOME_REJECT)
			return serve_now_and_then(store) ? outcome : OUTCOME_RETRY;
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

/* --- what the server refuses by a number that no table lists --- */

static enum outcome
store_say_sick(struct store *store, size_t asked, const struct failure *cause)
{
	if (store->row_count == 1)
		return failure_set(
			&store->sick, OUTCOME_FATAL, EX_DATAERR,
			"the database refuses the only row in hand; waiting for others, to "
			"tell whether the row is at fault or the database: %.300s",
			cause->text);
	return failure_set(
		&store->sick, OUTCOME_FATAL, EX_DATAERR,
		"the database refuses every row that was tried (%zu of %zu in hand); none "
		"is made a dead letter for that, waiting: %.300s",
		asked, store->row_count, cause->text);
}

/* May the only row in hand be judged by the newest one of the table? store->lone says so. */
static void
ask_newest(struct store *store, const struct failure *cause)
{
	struct failure failure;
	enum outcome outcome;
	bool found = false;

	if (store->tries < LONE_TRIES || store->lone_spent ||
	    cause->code == DB_ERROR_NO_PARTITION || store_connect(store, &failure) != OUTCOME_DONE)
		return;
	outcome = db_insert_newest(store->insert, &found, &failure);
	if (outcome != OUTCOME_DONE) {
		give_up_transaction(store, &failure);
		return;
	}
	db_rollback(store->db);
	store->lone = found;
	if (found)
		outage_over(&store->outage, "the database takes rows", store->process->status);
}

/*
 * Does the server take any row of the batch? Asked are some that lie far apart, others at each try.
 * DONE, FATAL when it takes none (store->sick says it), or RETRY when interrupted.
 */
static enum outcome
find_taken(struct store *store, const struct failure *cause)
{
	size_t count = store->row_count, asked = MIN(count, (size_t)PROBES_MAX);

	store->tries++;
	for (size_t i = 0; i < asked; i++) {
		const void *const *row =
			&store->rows[(i * count / asked + store->tries - 1) % count];
		struct failure failure;
		enum outcome outcome = store_until_done(store, row, 1, ROLL_BACK, &failure);

		if (outcome == OUTCOME_DONE)
			store->taken = row;
		if (outcome != OUTCOME_REJECT)
			return outcome;
	}
	if (count == 1)
		ask_newest(store, cause);
	return store->lone ? OUTCOME_DONE : store_say_sick(store, asked, cause);
}

/* DONE: the server still takes the row that it took before. FATAL when it does not. */
static enum outcome
ask_taken(struct store *store)
{
	struct failure failure;
	enum outcome outcome;

	if (store->lone)
		return OUTCOME_DONE;
	outcome = store_until_done(store, store->taken, 1, ROLL_BACK, &failure);
	return outcome == OUTCOME_REJECT ? store_say_sick(store, store->refused_count + 1, &failure)
					 : outcome;
}

/* A refused row once more, and between two of them one that the server is known to take. */
static enum outcome
judge_refused(struct store *store, struct batch *batch, const void *const *row)
{
	for (;;) {
		struct failure failure;
		enum outcome outcome = store_until_done(store, row, 1, KEEP, &failure), taken;

		if (outcome != OUTCOME_REJECT)
			return outcome;
		taken = ask_taken(store);
		if (taken != OUTCOME_DONE)
			return taken;
		outcome = reject_row(store, batch, *row, &failure);
		if (outcome != OUTCOME_FATAL)
			return outcome;
	}
}

static enum outcome
judge_all_refused(struct store *store, struct batch *batch)
{
	enum outcome outcome;

	if (store->refused_count == 0)
		return OUTCOME_DONE;
	outcome = ask_taken(store);	 /* it may have fallen sick since then */
	store->lone_spent = store->lone; /* until a row is stored: maybe this one, after all */
	for (size_t i = 0; i < store->refused_count && outcome == OUTCOME_DONE; i++)
		outcome = judge_refused(store, batch, &store->refused[i]);
	return outcome;
}

/* --- a batch --- */

/*
 * Store the rows; when the data of one is at fault, halve until it is alone. FATAL: the server takes
 * none.
 */
static enum outcome
store_rows(struct store *store, struct batch *batch, const void *const *rows, size_t count)
{
	struct failure failure;
	enum outcome outcome = store_until_done(store, rows, count, KEEP, &failure);
	bool is_refused = outcome == OUTCOME_REJECT && failure.reason == REASON_DB_REFUSED;

	if (outcome != OUTCOME_REJECT)
		return outcome;
	if (is_refused && store->taken == NULL && !store->lone) {
		outcome = find_taken(store, &failure);
		if (outcome != OUTCOME_DONE)
			return outcome;
	}
	if (count == 1 && is_refused) {
		store->refused[store->refused_count++] = rows[0];
		return OUTCOME_DONE;
	}
	if (count == 1) {
		outcome = reject_row(store, batch, rows[0], &failure);
		return outcome == OUTCOME_FATAL ? store_rows(store, batch, rows, count) : outcome;
	}
	outcome = store_rows(store, batch, rows, count / 2);
	if (outcome != OUTCOME_DONE)
		return outcome;
	return store_rows(store, batch, rows + count / 2, count - count / 2);
}

/* One try at what is left of the batch. FATAL: the server takes none of it. */
static enum outcome
try_batch(struct store *store, struct batch *batch)
{
	enum outcome outcome;

	store->rows = batch_sorted_rows(batch, store->compare, &store->row_count);
	store->refused_count = 0;
	store->taken = NULL;
	store->lone = false;
	if (store->row_count == 0)
		return OUTCOME_DONE;
	outcome = store_rows(store, batch, store->rows, store->row_count);
	return outcome == OUTCOME_DONE ? judge_all_refused(store, batch) : outcome;
}

enum outcome
store_batch(struct store *store, struct batch *batch)
{
	enum outcome outcome;

	store->serving = true;
	store->tries = 0;
	store->served_ms = clock_mono_ms();
	status_set_storing(store->process->status, store->served_ms);
	while ((outcome = try_batch(store, batch)) == OUTCOME_FATAL) {
		store->sick.outcome = OUTCOME_RETRY; /* it may be over soon: waits grow */
		disconnect(store);		     /* nor need it be more than this session */
		if (!wait_after(store, &store->sick, store->tries)) {
			outcome = OUTCOME_RETRY;
			break;
		}
		batch_fill(batch);
		batch_show_in_hand(batch);
	}
	status_set_storing(store->process->status, 0);
	store->tries = 0;
	store->serving = false;
	return outcome;
}

unsigned
store_refusals(const struct store *store)
{
	return store->tries;
}
