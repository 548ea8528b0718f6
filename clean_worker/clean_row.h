/* SPDX-License-Identifier: MIT */
/*
 * clean_row.h - a row of clean_log, and how a line becomes one: parse, split, name.
 */
#ifndef CLEAN_WORKER_CLEAN_ROW_H
#define CLEAN_WORKER_CLEAN_ROW_H

#include "common/worker/batch.h"
#include "common/settings/settings.h"
#include "common/database/table.h"

/* SPAN_NULL and ROW_NUMBER_NULL are SQL NULL. */
struct clean_row {
	char id[ROW_ID_LEN];
	int64_t timestamp; /* YYYYMMDDhhmmss, UTC */
	struct span ip, country, city, session, user, email_domain;
	struct span rest_method, url, schema, host, rest_version;
	int64_t status;
	struct span status_verbose;
	int64_t size_bytes;
	struct span referer, user_agent;
	uint64_t origin;
};

extern const struct table clean_log_table;

/* What filling rows needs from line to line; free with clean_state_free(). */
struct clean_state;
void *clean_state_new(const struct settings *settings);
void clean_state_free(void *state);

/*
 * A fill_row_fn over a struct clean_state. The format is the one that the message names, else
 * clean.format of the settings. Country and city stay NULL.
 */
enum reason clean_row_fill(void *state, const struct line_context *line, void *row,
			   char detail[REJECT_DETAIL_MAX]);

/* A compare_rows_fn: by timestamp, id, origin, as the primary key is. */
int clean_row_compare(const void *a, const void *b);

#endif
