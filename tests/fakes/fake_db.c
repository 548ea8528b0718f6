/* SPDX-License-Identifier: MIT */
/*
 * fake_db.c - a database in memory.
 */
#include "tests/fakes/fake_db.h"
#include "common/base/xalloc.h"
#include "common/database/db.h"
#include "common/database/db_errors.h"
#include "common/database/db_insert.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct fake_row {
	TAILQ_ENTRY(fake_row) entry;
	const struct table *table;
	char *values[TABLE_COLUMNS_MAX]; /* as texts; NULL = SQL NULL */
};
TAILQ_HEAD(fake_rows, fake_row);

struct db {
	char address[64];
	bool lost;
	bool must_roll_back;
	struct fake_rows open; /* inserted, not committed */
};

struct db_insert {
	struct db *db;
	const struct table *table;
	size_t max_rows;
};

static struct fake_rows committed = TAILQ_HEAD_INITIALIZER(committed);
static const char *refused_text;
static unsigned refused_code;
static size_t connections;

static void
clear_rows(struct fake_rows *rows)
{
	struct fake_row *row;

	while ((row = TAILQ_FIRST(rows)) != NULL) {
		TAILQ_REMOVE(rows, row, entry);
		for (size_t i = 0; i < row->table->column_count; i++)
			free(row->values[i]);
		free(row);
	}
}

void
fake_db_reset(void)
{
	assert(connections == 0);
	clear_rows(&committed);
	refused_text = NULL;
}

void
fake_db_refuse(const char *text, unsigned code)
{
	refused_text = text;
	refused_code = code;
}

size_t
fake_db_connections(void)
{
	return connections;
}

size_t
fake_db_row_count(const char *table)
{
	const struct fake_row *row;
	size_t count = 0;

	TAILQ_FOREACH(row, &committed, entry)
	count += strcmp(row->table->name, table) == 0;
	return count;
}

static const char *
value_of(const struct fake_row *row, const char *column)
{
	for (size_t i = 0; i < row->table->column_count; i++)
		if (strcmp(row->table->columns[i].name, column) == 0)
			return row->values[i] != NULL ? row->values[i] : "";
	return "";
}

bool
fake_db_has(const char *table, const char *column, const char *value)
{
	const struct fake_row *row;

	TAILQ_FOREACH(row, &committed, entry)
	if (strcmp(row->table->name, table) == 0 && strcmp(value_of(row, column), value) == 0)
		return true;
	return false;
}

/* --- db.h --- */

/* The fault is what a call ends in. */
static enum outcome
db_fault(struct db *db, const struct fake_fault *fault, const char *function,
	 struct failure *failure)
{
	fake_fault_fill(fault, function, failure);
	if (db == NULL)
		return failure->outcome;
	db->must_roll_back = true;
	if (db_error_is_lost((unsigned)fault->code)) {
		db->lost = true;
		clear_rows(&db->open);
	}
	return failure->outcome;
}

enum outcome
db_open(struct db **out, const struct database_settings *settings, int64_t timeout_s,
	struct failure *failure)
{
	const char *host = settings->hosts.count > 0 ? settings->hosts.items[0] : "fake:3306";
	const struct fake_fault *fault = fake_call(__func__, "%s", host);
	struct db *db;

	(void)timeout_s;
	*out = NULL;
	if (fault != NULL)
		return db_fault(NULL, fault, __func__, failure);
	db = xcalloc(1, sizeof(*db));
	snprintf(db->address, sizeof(db->address), "%s", host);
	TAILQ_INIT(&db->open);
	connections++;
	*out = db;
	return OUTCOME_DONE;
}

void
db_close(struct db **db)
{
	if (*db == NULL)
		return;
	fake_note(__func__, "%s", "");
	clear_rows(&(*db)->open);
	free(*db);
	*db = NULL;
	connections--;
}

const char *
db_address(const struct db *db)
{
	return db->address;
}

bool
db_is_lost(const struct db *db)
{
	return db->lost;
}

enum outcome
db_check_schema(struct db *db, struct failure *failure)
{
	const struct fake_fault *fault = fake_call(__func__, "%s", "");

	return fault != NULL ? db_fault(db, fault, __func__, failure) : OUTCOME_DONE;
}

enum outcome
db_execute(struct db *db, const char *sql, struct failure *failure)
{
	const struct fake_fault *fault = fake_call(__func__, "%s", sql);

	return fault != NULL ? db_fault(db, fault, __func__, failure) : OUTCOME_DONE;
}

/* Every query finds nothing. */
enum outcome
db_query(struct db *db, const char *sql, db_row_fn *row, void *context, struct failure *failure)
{
	const struct fake_fault *fault = fake_call(__func__, "%s", sql);

	(void)row;
	(void)context;
	return fault != NULL ? db_fault(db, fault, __func__, failure) : OUTCOME_DONE;
}

enum outcome
db_commit(struct db *db, struct failure *failure)
{
	const struct fake_fault *fault = fake_call(__func__, "%s", "");

	assert(!db->lost && !db->must_roll_back);
	if (fault == NULL || fault->has_effect)
		TAILQ_CONCAT(&committed, &db->open, entry);
	return fault != NULL ? db_fault(db, fault, __func__, failure) : OUTCOME_DONE;
}

void
db_rollback(struct db *db)
{
	fake_note(__func__, "%s", "");
	db->must_roll_back = false;
	clear_rows(&db->open);
}

/* --- db_insert.h --- */

enum outcome
db_insert_open(struct db_insert **out, struct db *db, const struct table *table, size_t max_rows,
	       int way, struct failure *failure)
{
	const struct fake_fault *fault = fake_call(__func__, "%s", table->name);
	struct db_insert *insert;

	(void)way;
	*out = NULL;
	assert(!db->lost && table->column_count <= TABLE_COLUMNS_MAX);
	if (fault != NULL)
		return db_fault(db, fault, __func__, failure);
	insert = xcalloc(1, sizeof(*insert));
	insert->db = db;
	insert->table = table;
	insert->max_rows = max_rows;
	*out = insert;
	return OUTCOME_DONE;
}

void
db_insert_close(struct db_insert **insert)
{
	free(*insert);
	*insert = NULL;
}

const char *
db_insert_way(const struct db_insert *insert)
{
	(void)insert;
	return "fake";
}

static char *
value_text(const struct column *column, const void *row)
{
	const void *field = row_field(row, column);
	const struct span *text = field;

	switch (column->type) {
	case COLUMN_ID:
		return xstrndup(field, ROW_ID_LEN);
	case COLUMN_TEXT:
	case COLUMN_BYTES:
		return text->ptr != NULL ? xstrndup(text->ptr, text->len) : NULL;
	case COLUMN_NUMBER:
		return *(const int64_t *)field != ROW_NUMBER_NULL
			       ? xasprintf("%" PRId64, *(const int64_t *)field)
			       : NULL;
	case COLUMN_UNSIGNED:
		return xasprintf("%" PRIu64, *(const uint64_t *)field);
	}
	return NULL;
}

static bool
is_known(const struct fake_rows *rows, const struct fake_row *row)
{
	const struct fake_row *other;

	TAILQ_FOREACH(other, rows, entry)
	if (strcmp(other->table->name, row->table->name) == 0 &&
	    strcmp(value_of(other, "id"), value_of(row, "id")) == 0 &&
	    strcmp(value_of(other, "origin"), value_of(row, "origin")) == 0)
		return true;
	return false;
}

static bool
is_refused(const struct fake_row *row)
{
	if (refused_text == NULL)
		return false;
	for (size_t i = 0; i < row->table->column_count; i++)
		if (row->values[i] != NULL && strstr(row->values[i], refused_text) != NULL)
			return true;
	return false;
}

/* One row into the open transaction; false: it can never be stored. */
static bool
insert_row(struct db_insert *insert, const void *from, uint64_t *inserted)
{
	struct fake_row *row = xcalloc(1, sizeof(*row));
	struct fake_rows alone = TAILQ_HEAD_INITIALIZER(alone);
	bool refused, known;

	row->table = insert->table;
	for (size_t i = 0; i < insert->table->column_count; i++)
		row->values[i] = value_text(&insert->table->columns[i], from);
	refused = is_refused(row);
	known = is_known(&committed, row) || is_known(&insert->db->open, row);
	TAILQ_INSERT_TAIL(refused || known ? &alone : &insert->db->open, row, entry);
	*inserted += !refused && !known;
	clear_rows(&alone);
	return !refused;
}

static enum outcome
refuse(struct db *db, struct failure *failure)
{
	db->must_roll_back = true;
	failure_set(failure, OUTCOME_REJECT, EX_DATAERR, "fake database: %s [%u]", refused_text,
		    refused_code);
	db_error_classify(refused_code, failure);
	if (db_error_is_refusal(refused_code, "HY000")) {
		failure->outcome = OUTCOME_REJECT;
		failure->reason = REASON_DB_REFUSED;
	}
	return failure->outcome;
}

enum outcome
db_insert_newest(struct db_insert *insert, bool *found, struct failure *failure)
{
	const struct fake_fault *fault = fake_call(__func__, "%s", insert->table->name);
	const struct fake_row *newest = TAILQ_LAST(&committed, fake_rows);

	assert(!insert->db->lost && !insert->db->must_roll_back);
	*found = newest != NULL;
	if (fault != NULL)
		return db_fault(insert->db, fault, __func__, failure);
	return *found && is_refused(newest) ? refuse(insert->db, failure) : OUTCOME_DONE;
}

enum outcome
db_insert_rows(struct db_insert *insert, const void *const *rows, size_t count, uint64_t *inserted,
	       struct failure *failure)
{
	const struct fake_fault *fault = fake_call(__func__, "%zu", count);
	size_t fails_at = fault == NULL || fault->has_effect ? count : count / 2;

	assert(!insert->db->lost && !insert->db->must_roll_back && count <= insert->max_rows);
	*inserted = 0;
	for (size_t i = 0; i < fails_at; i++) {
		if (insert_row(insert, rows[i], inserted))
			continue;
		return refuse(insert->db, failure);
	}
	return fault != NULL ? db_fault(insert->db, fault, __func__, failure) : OUTCOME_DONE;
}
