/* SPDX-License-Identifier: MIT */
/*
 * raw_row.h - a row of raw_log, and how a line becomes one.
 */
#ifndef LAKE_WORKER_RAW_ROW_H
#define LAKE_WORKER_RAW_ROW_H

#include "common/worker/batch.h"
#include "common/database/table.h"

struct raw_row {
	char id[ROW_ID_LEN];
	int64_t timestamp_utc; /* YYYYMMDDhhmmss; RAW_ROW_NO_TIME when the line has none */
	int64_t utc_offset;    /* minutes; ROW_NUMBER_NULL when the line has no time */
	struct span log;
	struct span log_bytes; /* SPAN_NULL unless the line is not valid UTF-8 */
	uint64_t origin;
};

#define RAW_ROW_NO_TIME INT64_C(19700101000000)

extern const struct table raw_log_table;

/* A fill_row_fn without state: every line has a row, so it never rejects one. */
enum reason raw_row_fill(void *state, const struct line_context *line, void *row,
			 char detail[REJECT_DETAIL_MAX]);

/* A compare_rows_fn: by timestamp_utc, id, origin, as the primary key is. */
int raw_row_compare(const void *a, const void *b);

#endif
