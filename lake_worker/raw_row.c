/* SPDX-License-Identifier: MIT */
/*
 * raw_row.c - a line as a row of raw_log.
 */
#include "lake_worker/raw_row.h"
#include "common/base/defs.h"
#include "common/message/log_time.h"

static const struct column raw_log_columns[] = {
#define COLUMN(column, field, kind, characters)     \
	{.name = (column),                          \
	 .type = COLUMN_##kind,                     \
	 .offset = offsetof(struct raw_row, field), \
	 .max_chars = (characters)},
#include "lake_worker/raw_log.def"
#undef COLUMN
};

const struct table raw_log_table = {
	.name = "raw_log",
	.time_column = "timestamp_utc",
	.columns = raw_log_columns,
	.column_count = ARRAY_LEN(raw_log_columns),
	.row_size = sizeof(struct raw_row),
};

enum reason
raw_row_fill(void *state UNUSED, const struct line_context *line, void *out,
	     char detail[REJECT_DETAIL_MAX] UNUSED)
{
	struct raw_row *row = out;
	struct log_time time;

	memcpy(row->id, line->id, sizeof(row->id));
	row->timestamp_utc = RAW_ROW_NO_TIME;
	row->utc_offset = ROW_NUMBER_NULL;
	if (log_time_find(line->line, &time) == LOG_TIME_OK) {
		row->timestamp_utc = time.utc;
		row->utc_offset = time.offset_min;
	}
	row->log = line->line;
	row->log_bytes = line->valid_utf8 ? SPAN_NULL : line->line;
	row->origin = line->origin;
	return REASON_NONE;
}

int
raw_row_compare(const void *a, const void *b)
{
	const struct raw_row *left = *(const struct raw_row *const *)a;
	const struct raw_row *right = *(const struct raw_row *const *)b;
	int order;

	if (left->timestamp_utc != right->timestamp_utc)
		return left->timestamp_utc < right->timestamp_utc ? -1 : 1;
	order = memcmp(left->id, right->id, sizeof(left->id));
	if (order != 0)
		return order;
	return left->origin < right->origin ? -1 : left->origin > right->origin;
}
