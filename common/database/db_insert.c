/* SPDX-License-Identifier: MIT */
/*
 * db_insert.c - many rows in few statements, by bound arrays where the server has them, else by
 * multi-row VALUES; both from the table's list of columns.
 *
 * ON DUPLICATE KEY UPDATE of a column to itself, never INSERT IGNORE: that one would turn errors of
 * the data into silent changes.
 */
#include "common/database/db_insert.h"
#include "common/database/db_connection.h"
#include "common/database/db_errors.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	STATEMENT_BYTES_MAX = 4 << 20,	  /* more gains nothing and costs memory on both sides */
	STATEMENT_ROWS_MAX = 1250,	  /* the same; a batch of more rows is several statements */
	STATEMENT_BYTES_SPARE = 16 << 10, /* of max_allowed_packet, for the protocol's own bytes */
	ROW_OVERHEAD = 16,		  /* per column: indicator, length, separators */
};

/* The arrays of one column that are bound to the prepared statement. */
struct bound_column {
	const void **pointers; /* texts */
	unsigned long *lengths;
	int64_t *numbers;
	char *indicators;
};

struct db_insert {
	struct db *db;
	const struct table *table;
	size_t max_rows;
	size_t statement_rows; /* most of one statement */
	size_t bytes_max;      /* of one statement */
	MYSQL_STMT *statement; /* NULL = multi-row VALUES */
	struct bound_column columns[TABLE_COLUMNS_MAX];
	MYSQL_BIND binds[TABLE_COLUMNS_MAX];
	char *prefix; /* "INSERT INTO ... VALUES " */
	char *sql;    /* of multi-row VALUES: grows as needed */
	size_t sql_size, sql_len;
};

static const char DUPLICATE_CLAUSE[] = " ON DUPLICATE KEY UPDATE `id` = `id`";

static char *
make_prefix(const struct table *table)
{
	char *names = table_column_names(table);
	char *prefix = xasprintf("INSERT INTO `%s` (%s) VALUES ", table->name, names);

	free(names);
	return prefix;
}

static size_t
row_bytes(const struct table *table, const void *row)
{
	size_t bytes = ROW_OVERHEAD * table->column_count;

	for (size_t i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];

		if (column->type == COLUMN_TEXT || column->type == COLUMN_BYTES)
			bytes += ((const struct span *)row_field(row, column))->len;
		else
			bytes += ROW_ID_LEN;
	}
	return bytes;
}

/* An INSERT has failed. */
static enum outcome
fail_insert(struct db_insert *insert, unsigned number, const char *sqlstate, const char *text,
	    struct failure *failure)
{
	char doing[128];

	snprintf(doing, sizeof(doing), "insert into %s", insert->table->name);
	db_connection_fail(insert->db, doing, number, text, failure);
	if (!db_error_is_refusal(number, sqlstate))
		return failure->outcome;
	failure->outcome = OUTCOME_REJECT;
	failure->reason = REASON_DB_REFUSED;
	failure->exit_code = EX_DATAERR;
	return failure->outcome;
}

static enum outcome
fail_query(struct db_insert *insert, struct failure *failure)
{
	MYSQL *mysql = insert->db->mysql;

	return fail_insert(insert, mysql_errno(mysql), mysql_sqlstate(mysql), mysql_error(mysql),
			   failure);
}

/* --- bound arrays --- */

#ifdef MARIADB_CLIENT_STMT_BULK_OPERATIONS

static bool
is_text(enum column_type type)
{
	return type == COLUMN_ID || type == COLUMN_TEXT || type == COLUMN_BYTES;
}

static void
bind_column(struct db_insert *insert, size_t i)
{
	const struct column *column = &insert->table->columns[i];
	struct bound_column *bound = &insert->columns[i];
	MYSQL_BIND *bind = &insert->binds[i];

	bound->indicators = xcalloc(insert->statement_rows, 1);
	bind->u.indicator = bound->indicators;
	if (is_text(column->type)) {
		bound->pointers = xcalloc(insert->statement_rows, sizeof(*bound->pointers));
		bound->lengths = xcalloc(insert->statement_rows, sizeof(*bound->lengths));
		bind->buffer = bound->pointers;
		bind->length = bound->lengths;
		bind->buffer_type =
			column->type == COLUMN_BYTES ? MYSQL_TYPE_BLOB : MYSQL_TYPE_STRING;
	} else {
		bound->numbers = xcalloc(insert->statement_rows, sizeof(*bound->numbers));
		bind->buffer = bound->numbers;
		bind->buffer_type = MYSQL_TYPE_LONGLONG;
		bind->is_unsigned = column->type == COLUMN_UNSIGNED;
	}
}

/* Turn rows into columns: the protocol wants each column's values side by side. */
static void
fill_column(struct bound_column *bound, const struct column *column, const void *const *rows,
	    size_t count)
{
	for (size_t r = 0; r < count; r++) {
		const void *field = row_field(rows[r], column);
		bool is_null = false;

		switch (column->type) {
		case COLUMN_ID:
			bound->pointers[r] = field;
			bound->lengths[r] = ROW_ID_LEN;
			break;
		case COLUMN_TEXT:
		case COLUMN_BYTES:
			bound->pointers[r] = ((const struct span *)field)->ptr;
			bound->lengths[r] = ((const struct span *)field)->len;
			is_null = bound->pointers[r] == NULL;
			break;
		case COLUMN_NUMBER:
		case COLUMN_UNSIGNED:
			memcpy(&bound->numbers[r], field, sizeof(bound->numbers[r]));
			is_null = column->type == COLUMN_NUMBER &&
				  bound->numbers[r] == ROW_NUMBER_NULL;
			break;
		}
		bound->indicators[r] = is_null ? STMT_INDICATOR_NULL : STMT_INDICATOR_NONE;
	}
}

static enum outcome
fail_prepare(struct db_insert *insert, struct failure *failure)
{
	char text[128];

	snprintf(text, sizeof(text), "prepare for %s", insert->table->name);
	return db_connection_fail(insert->db, text, mysql_stmt_errno(insert->statement),
				  mysql_stmt_error(insert->statement), failure);
}

static enum outcome
insert_arrays(struct db_insert *insert, const void *const *rows, size_t count, uint64_t *inserted,
	      struct failure *failure)
{
	unsigned array_size = (unsigned)count;

	for (size_t i = 0; i < insert->table->column_count; i++)
		fill_column(&insert->columns[i], &insert->table->columns[i], rows, count);
	db_connection_begin(insert->db);
	mysql_stmt_attr_set(insert->statement, STMT_ATTR_ARRAY_SIZE, &array_size);
	if (mysql_stmt_bind_param(insert->statement, insert->binds) != 0 ||
	    mysql_stmt_execute(insert->statement) != 0)
		return fail_insert(insert, mysql_stmt_errno(insert->statement),
				   mysql_stmt_sqlstate(insert->statement),
				   mysql_stmt_error(insert->statement), failure);
	*inserted += mysql_stmt_affected_rows(insert->statement);
	return OUTCOME_DONE;
}

static enum outcome
prepare_arrays(struct db_insert *insert, struct failure *failure)
{
	char marks[2 * TABLE_COLUMNS_MAX + 2] = "";
	char *sql;
	int status;

	for (size_t i = 0; i < insert->table->column_count; i++) {
		marks[2 * i] = i > 0 ? ',' : '(';
		marks[2 * i + 1] = '?';
		bind_column(insert, i);
	}
	sql = xasprintf("%s%s)%s", insert->prefix, marks, DUPLICATE_CLAUSE);
	insert->statement = mysql_stmt_init(insert->db->mysql);
	if (insert->statement == NULL)
		fatal("out of memory for a statement");
	db_connection_begin(insert->db);
	status = mysql_stmt_prepare(insert->statement, sql, strlen(sql));
	free(sql);
	return status == 0 ? OUTCOME_DONE : fail_prepare(insert, failure);
}

#else /* Oracle's client library has no bound arrays */

static enum outcome
insert_arrays(struct db_insert *insert UNUSED, const void *const *rows UNUSED, size_t count UNUSED,
	      uint64_t *inserted UNUSED, struct failure *failure)
{
	return failure_set(failure, OUTCOME_FATAL, EX_SOFTWARE, "no bound arrays in this build");
}

static enum outcome
prepare_arrays(struct db_insert *insert, struct failure *failure)
{
	return insert_arrays(insert, NULL, 0, NULL, failure);
}

#endif

/* --- multi-row VALUES --- */

static void
reserve(struct db_insert *insert, size_t more)
{
	if (insert->sql_len + more <= insert->sql_size)
		return;
	insert->sql_size = (insert->sql_len + more) * 3 / 2;
	insert->sql = xreallocarray(insert->sql, insert->sql_size, 1);
}

static void
append(struct db_insert *insert, const char *text, size_t len)
{
	reserve(insert, len);
	memcpy(insert->sql + insert->sql_len, text, len);
	insert->sql_len += len;
}

static void
append_text(struct db_insert *insert, const char *introducer, struct span text)
{
	if (text.ptr == NULL) {
		append(insert, "NULL", 4);
		return;
	}
	append(insert, introducer, strlen(introducer));
	append(insert, "'", 1);
	reserve(insert, 2 * text.len + 1);
	insert->sql_len += mysql_real_escape_string(
		insert->db->mysql, insert->sql + insert->sql_len, text.ptr, text.len);
	append(insert, "'", 1);
}

static void
append_field(struct db_insert *insert, const struct column *column, const void *row)
{
	const void *field = row_field(row, column);
	char number[32] = "NULL";

	switch (column->type) {
	case COLUMN_ID:
		append_text(insert, "", (struct span){.ptr = field, .len = ROW_ID_LEN});
		return;
	case COLUMN_TEXT:
		append_text(insert, "", *(const struct span *)field);
		return;
	case COLUMN_BYTES:
		append_text(insert, "_binary", *(const struct span *)field);
		return;
	case COLUMN_NUMBER:
		if (*(const int64_t *)field != ROW_NUMBER_NULL)
			snprintf(number, sizeof(number), "%" PRId64, *(const int64_t *)field);
		break;
	case COLUMN_UNSIGNED:
		snprintf(number, sizeof(number), "%" PRIu64, *(const uint64_t *)field);
		break;
	}
	append(insert, number, strlen(number));
}

static enum outcome
insert_values(struct db_insert *insert, const void *const *rows, size_t count, uint64_t *inserted,
	      struct failure *failure)
{
	insert->sql_len = 0;
	append(insert, insert->prefix, strlen(insert->prefix));
	for (size_t r = 0; r < count; r++) {
		for (size_t i = 0; i < insert->table->column_count; i++) {
			append(insert, i > 0 ? "," : r > 0 ? ",(" : "(", i == 0 && r > 0 ? 2 : 1);
			append_field(insert, &insert->table->columns[i], rows[r]);
		}
		append(insert, ")", 1);
	}
	append(insert, DUPLICATE_CLAUSE, strlen(DUPLICATE_CLAUSE));
	db_connection_begin(insert->db);
	if (mysql_real_query(insert->db->mysql, insert->sql, insert->sql_len) != 0)
		return fail_query(insert, failure);
	*inserted += mysql_affected_rows(insert->db->mysql);
	return OUTCOME_DONE;
}

/* --- both --- */

enum outcome
db_insert_open(struct db_insert **out, struct db *db, const struct table *table, size_t max_rows,
	       int way, struct failure *failure)
{
	struct db_insert *insert = xcalloc(1, sizeof(*insert));
	enum outcome outcome = OUTCOME_DONE;

	assert(table->column_count <= TABLE_COLUMNS_MAX);
	insert->db = db;
	insert->table = table;
	insert->max_rows = max_rows;
	insert->statement_rows = MIN(max_rows, (size_t)STATEMENT_ROWS_MAX);
	insert->prefix = make_prefix(table);
	/* escaping can double a text, so VALUES gets half the room */
	insert->bytes_max = (size_t)MAX(db->max_allowed_packet, 2 * STATEMENT_BYTES_SPARE) -
			    STATEMENT_BYTES_SPARE;
	if (way == INSERT_VALUES || (way == INSERT_AUTO && !db->can_bind_arrays))
		insert->bytes_max /= 2;
	else if (!db->can_bind_arrays)
		outcome = failure_set(failure, OUTCOME_FATAL, EX_CONFIG,
				      "database %s: no bound arrays on this server: set "
				      "database.insert to \"auto\" or \"values\"",
				      db->address);
	else
		outcome = prepare_arrays(insert, failure);
	if (outcome != OUTCOME_DONE)
		db_insert_close(&insert);
	*out = insert;
	return outcome;
}

void
db_insert_close(struct db_insert **insert)
{
	struct db_insert *old = *insert;

	if (old == NULL)
		return;
	if (old->statement != NULL)
		mysql_stmt_close(old->statement);
	for (size_t i = 0; i < old->table->column_count; i++) {
		free(old->columns[i].pointers);
		free(old->columns[i].lengths);
		free(old->columns[i].numbers);
		free(old->columns[i].indicators);
	}
	free(old->prefix);
	free(old->sql);
	free(old);
	*insert = NULL;
}

enum outcome
db_insert_rows(struct db_insert *insert, const void *const *rows, size_t count, uint64_t *inserted,
	       struct failure *failure)
{
	size_t limit = MIN(insert->bytes_max, (size_t)STATEMENT_BYTES_MAX);
	enum outcome outcome = OUTCOME_DONE;
	size_t done = 0;

	assert(count <= insert->max_rows);
	*inserted = 0;
	while (done < count && outcome == OUTCOME_DONE) {
		size_t fitting = 0, bytes = 0;

		while (done + fitting < count && fitting < insert->statement_rows) {
			size_t next = row_bytes(insert->table, rows[done + fitting]);

			if (next > insert->bytes_max) {
				outcome =
					failure_set(failure, OUTCOME_REJECT, EX_DATAERR,
						    "database %s: a row of %s is %zu bytes, more "
						    "than max_allowed_packet takes",
						    insert->db->address, insert->table->name, next);
				failure->reason = REASON_DB_PACKET_TOO_BIG;
				return outcome;
			}
			if (fitting > 0 && bytes + next > limit)
				break;
			bytes += next;
			fitting++;
		}
		outcome = insert->statement != NULL
				  ? insert_arrays(insert, rows + done, fitting, inserted, failure)
				  : insert_values(insert, rows + done, fitting, inserted, failure);
		done += fitting;
	}
	return outcome;
}

static void
note_found(void *context, const char *const *values UNUSED, unsigned count UNUSED)
{
	*(bool *)context = true;
}

enum outcome
db_insert_newest(struct db_insert *insert, bool *found, struct failure *failure)
{
	const struct table *table = insert->table;
	char *names = table_column_names(table);
	char *select = xasprintf("SELECT %s FROM `%s` ORDER BY `%s` DESC LIMIT 1", names,
				 table->name, table->time_column);
	char *sql = xasprintf("INSERT INTO `%s` (%s) SELECT * FROM (%s) AS newest ON DUPLICATE KEY "
			      "UPDATE `%s`.`id` = `%s`.`id`",
			      table->name, names, select, table->name, table->name);

	enum outcome outcome;

	*found = false;
	outcome = db_query(insert->db, select, note_found, found, failure);
	if (outcome == OUTCOME_DONE && *found) {
		db_connection_begin(insert->db);
		if (mysql_real_query(insert->db->mysql, sql, strlen(sql)) != 0)
			outcome = fail_query(insert, failure);
	}
	free(names);
	free(select);
	free(sql);
	return outcome;
}

const char *
db_insert_way(const struct db_insert *insert)
{
	return insert->statement != NULL ? "array" : "values";
}
