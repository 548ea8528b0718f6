/* SPDX-License-Identifier: MIT */
/*
 * table.h - how a C struct is a row of an SQL table: one list of columns per table.
 *
 * The INSERT, the binding, the length checks and a test against information_schema all come from
 * it.
 */
#ifndef COMMON_DATABASE_TABLE_H
#define COMMON_DATABASE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/span.h"

enum { ROW_ID_LEN = 32 };

/* A COLUMN_NUMBER with this value is SQL NULL. */
#define ROW_NUMBER_NULL INT64_MIN

enum column_type {
	COLUMN_ID,	 /* char[ROW_ID_LEN] in the row: lower-case hex */
	COLUMN_TEXT,	 /* struct span, valid UTF-8; ptr NULL = SQL NULL */
	COLUMN_BYTES,	 /* struct span, any bytes; ptr NULL = SQL NULL */
	COLUMN_NUMBER,	 /* int64_t; a DATETIME as YYYYMMDDhhmmss */
	COLUMN_UNSIGNED, /* uint64_t, never NULL */
};

struct column {
	const char *name;
	enum column_type type;
	size_t offset;	  /* of the field in the row struct */
	size_t max_chars; /* of a TEXT; of a BYTES: bytes; 0 = no limit worth checking */
};

struct table {
	const char *name;
	const char *time_column; /* the first of its key */
	const struct column *columns;
	size_t column_count;
	size_t row_size; /* sizeof the row struct */
};

enum { TABLE_COLUMNS_MAX = 32 };

/* The columns' names as SQL wants them: "`id`, `timestamp`, ..."; the caller's, to be freed. */
char *table_column_names(const struct table *table);

static inline const void *
row_field(const void *row, const struct column *column)
{
	return (const char *)row + column->offset;
}

#endif
