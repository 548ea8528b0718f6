/* SPDX-License-Identifier: MIT */
/*
 * migrate.c - the embedded migrations into the database.
 *
 * DDL of MySQL commits by itself, so a migration that is cut off in the middle is run again whole:
 * its statements have to bear that (CREATE TABLE IF NOT EXISTS, ...).
 */
#include "supervisor/ctl/migrate.h"
#include "common/database/db_errors.h"
#include "common/database/schema.h"
#include "common/base/xalloc.h"
#include "supervisor/cli/stage_ops.h"

#include <stdlib.h>
#include <string.h>

static const char CREATE_TABLE[] =
	"CREATE TABLE IF NOT EXISTS schema_migrations ( version INT NOT NULL PRIMARY KEY, name "
	"VARCHAR(100) CHARACTER SET ascii NOT NULL, applied_at DATETIME NOT NULL COMMENT 'UTC') "
	"ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4";

static const char TAKE_LOCK[] = "SELECT GET_LOCK(CONCAT(DATABASE(), '.sluice.migrate'), 60)";
static const char GIVE_LOCK[] = "SELECT RELEASE_LOCK(CONCAT(DATABASE(), '.sluice.migrate'))";

static void
note_version(void *context, const char *const *values, unsigned count)
{
	struct migrate_state *state = context;
	int version = count > 0 && values[0] != NULL ? atoi(values[0]) : 0;

	if (version > state->newest)
		state->newest = version;
	if (version > 0 && version <= MIGRATIONS_MAX)
		state->applied[version] = true;
}

enum outcome
migrate_read(struct db *db, struct migrate_state *state, struct failure *failure)
{
	enum outcome outcome;

	*state = (struct migrate_state){.newest = 0};
	outcome =
		db_query(db, "SELECT version FROM schema_migrations", note_version, state, failure);
	if (outcome != OUTCOME_DONE && failure->code == DB_ERROR_NO_SUCH_TABLE)
		return OUTCOME_DONE;
	return outcome;
}

/* Is there anything in it but blanks and lines of comment? */
static bool
is_statement(const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		size_t blank = strspn(text, " \t\n");

		text += blank;
		if (text >= end)
			return false;
		if (strncmp(text, "--", 2) != 0)
			return true;
		text += strcspn(text, "\n");
	}
	return false;
}

/* Statements end with ";" at the end of a line. */
static enum outcome
run_statements(struct db *db, const char *sql, struct failure *failure)
{
	while (*sql != '\0') {
		const char *end = strstr(sql, ";\n");
		size_t len = end != NULL ? (size_t)(end - sql) : strlen(sql);
		enum outcome outcome = OUTCOME_DONE;

		if (is_statement(sql, len)) {
			char *statement = xstrndup(sql, len);

			outcome = db_execute(db, statement, failure);
			free(statement);
		}
		if (outcome != OUTCOME_DONE)
			return outcome;
		sql += len + (end != NULL ? 2 : 0);
	}
	return OUTCOME_DONE;
}

static enum outcome
apply_one(struct db *db, const struct schema_migration *migration, struct failure *failure)
{
	char *record;
	enum outcome outcome;

	if (run_statements(db, migration->sql, failure) != OUTCOME_DONE)
		return failure->outcome;
	record = xasprintf("INSERT INTO schema_migrations (version, name, applied_at) VALUES (%d, "
			   "'%s', UTC_TIMESTAMP())",
			   migration->version, migration->name);
	outcome = db_execute(db, record, failure);
	free(record);
	if (outcome == OUTCOME_DONE)
		outcome = db_commit(db, failure);
	return outcome;
}

static void
note_lock(void *context, const char *const *values, unsigned count)
{
	*(bool *)context = count > 0 && values[0] != NULL && strcmp(values[0], "1") == 0;
}

static enum outcome
apply_missing(struct db *db, void (*report)(const char *name), struct failure *failure)
{
	struct migrate_state state;

	if (db_execute(db, CREATE_TABLE, failure) != OUTCOME_DONE ||
	    migrate_read(db, &state, failure) != OUTCOME_DONE)
		return failure->outcome;
	if (state.newest > schema_latest())
		return failure_set(failure, OUTCOME_FATAL, EX_CONFIG,
				   "database %s: the tables are at version %d, this program knows "
				   "only %d: upgrade Sluice on this machine",
				   db_address(db), state.newest, schema_latest());
	for (const struct schema_migration *m = schema_migrations; m->version != 0; m++) {
		if (state.applied[m->version])
			continue;
		if (apply_one(db, m, failure) != OUTCOME_DONE)
			return failure->outcome;
		if (report != NULL)
			report(m->name);
	}
	return OUTCOME_DONE;
}

enum outcome
migrate_apply(struct db *db, void (*report)(const char *name), struct failure *failure)
{
	struct failure ignored;
	bool locked = false;
	enum outcome outcome;

	if (db_query(db, TAKE_LOCK, note_lock, &locked, failure) != OUTCOME_DONE)
		return failure->outcome;
	if (!locked)
		return failure_set(failure, OUTCOME_RETRY, EX_TEMPFAIL,
				   "database %s: another migration has been running for a minute",
				   db_address(db));
	outcome = apply_missing(db, report, failure);
	/* the lock ends with the connection anyway */
	if (db_execute(db, GIVE_LOCK, &ignored) != OUTCOME_DONE)
		return outcome;
	return outcome;
}

/* --- the tables themselves --- */

static void
migrate_ignore_row(void *context UNUSED, const char *const *values UNUSED, unsigned count UNUSED)
{
}

/* The migration that makes the table. */
static const struct schema_migration *
maker_of(const struct table *table)
{
	char *create = xasprintf("CREATE TABLE IF NOT EXISTS %s (", table->name);
	const struct schema_migration *m = schema_migrations;

	while (m->version != 0 && strstr(m->sql, create) == NULL)
		m++;
	free(create);
	assert(m->version != 0);
	return m;
}

/* Ask for all columns and no row. */
static char *
query_of(const struct table *table)
{
	char *names = table_column_names(table);
	char *query = xasprintf("SELECT %s FROM %s LIMIT 0", names, table->name);

	free(names);
	return query;
}

static enum outcome
check_table(struct db *db, const struct table *table, struct failure *failure)
{
	char *query = query_of(table);
	enum outcome outcome = db_query(db, query, migrate_ignore_row, NULL, failure);

	free(query);
	if (outcome == OUTCOME_DONE ||
	    (failure->code != DB_ERROR_NO_SUCH_TABLE && failure->code != DB_ERROR_NO_SUCH_COLUMN))
		return outcome;
	if (failure->code == DB_ERROR_NO_SUCH_COLUMN)
		return failure_set(failure, OUTCOME_FATAL, EX_CONFIG,
				   "database %s: table %s has lost a column since %s was applied: "
				   "bring it back as that migration has it (SHOW CREATE TABLE %s "
				   "tells what is there)",
				   db_address(db), table->name, maker_of(table)->name, table->name);
	return failure_set(
		failure, OUTCOME_FATAL, EX_CONFIG,
		"database %s: table %s is gone, though %s was applied: if it was "
		"renamed, rename it back; to make it anew, DELETE FROM schema_migrations "
		"WHERE version = %d, then `sluicectl db migrate`",
		db_address(db), table->name, maker_of(table)->name, maker_of(table)->version);
}

enum outcome
migrate_check_tables(struct db *db, struct failure *failure)
{
	for (unsigned i = 0; i < STAGE_COUNT; i++)
		if (check_table(db, stage_ops[i]->table, failure) != OUTCOME_DONE)
			return failure->outcome;
	return OUTCOME_DONE;
}
