/* SPDX-License-Identifier: MIT */
/*
 * clean_row.c - a line as a row of clean_log.
 */
#include "clean_worker/clean_row.h"
#include "common/base/defs.h"
#include "common/base/xalloc.h"
#include "clean_worker/log_guess.h"
#include "clean_worker/log_parse.h"
#include "clean_worker/status_phrase.h"
#include "clean_worker/url_parts.h"
#include "clean_worker/user_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static const struct column clean_log_columns[] = {
#define COLUMN(column, field, kind, characters)       \
	{.name = (column),                            \
	 .type = COLUMN_##kind,                       \
	 .offset = offsetof(struct clean_row, field), \
	 .max_chars = (characters)},
#include "clean_worker/clean_log.def"
#undef COLUMN
};

const struct table clean_log_table = {
	.name = "clean_log",
	.time_column = "timestamp",
	.columns = clean_log_columns,
	.column_count = ARRAY_LEN(clean_log_columns),
	.row_size = sizeof(struct clean_row),
};

struct clean_state {
	const struct log_format *default_format;
	/* The format that the last message named: messages of one file come in a row. */
	const struct log_format *last_format;
	struct url_cache *urls;
};

void *
clean_state_new(const struct settings *settings)
{
	struct clean_state *state = xcalloc(1, sizeof(*state));
	char name[64];

	settings_choice_name(SETTINGS_FORMATS, settings->clean.format, name, sizeof(name));
	state->default_format = log_format_find(span_of(name));
	assert(state->default_format != NULL);
	state->last_format = state->default_format;
	state->urls = url_cache_new();
	return state;
}

void
clean_state_free(void *pointer)
{
	struct clean_state *state = pointer;

	url_cache_free(&state->urls);
	free(state);
}

static const struct log_format *
clean_row_format_of(struct clean_state *state, struct span name)
{
	const struct log_format *format;

	if (name.ptr == NULL)
		return state->default_format;
	if (span_equals(name, span_of(log_format_name(state->last_format))))
		return state->last_format;
	format = log_format_find(name);
	if (format != NULL)
		state->last_format = format;
	return format;
}

static void
fill_columns(struct clean_state *state, const struct access_line *access, struct clean_row *row)
{
	struct url_parts url = url_parts_split(state->urls, access->method, access->url);

	row->timestamp = access->time.utc;
	row->ip = access->host;
	row->country = SPAN_NULL;
	row->city = SPAN_NULL;
	row->session = access->session;
	row->user = access->user;
	row->email_domain = user_parts_email_domain(access->user);
	row->rest_method = access->method;
	row->url = access->url;
	row->schema = url.schema;
	row->host = url.host;
	row->rest_version = access->protocol;
	row->status = access->status;
	row->status_verbose = span_of(status_phrase(access->status));
	row->size_bytes = access->has_size ? (int64_t)access->size : ROW_NUMBER_NULL;
	row->referer = access->referer;
	row->user_agent = access->user_agent;
}

enum reason
clean_row_fill(void *pointer, const struct line_context *line, void *out,
	       char detail[REJECT_DETAIL_MAX])
{
	struct clean_state *state = pointer;
	const struct log_format *format = clean_row_format_of(state, line->message->format);
	struct clean_row *row = out;
	struct access_line access = {0};
	struct parse_error error = {0};
	char guess[LOG_GUESS_SIZE];
	enum reason reason;

	if (format == NULL) {
		snprintf(detail, REJECT_DETAIL_MAX, "format \"%.*s\" of the message is unknown",
			 (int)MIN(line->message->format.len, (size_t)64),
			 line->message->format.ptr);
		return REASON_PARSE_UNKNOWN_FORMAT;
	}
	reason = log_parse(format, line->line, &access, &error);
	if (reason != REASON_NONE) {
		log_guess(format, line->line, &error, guess);
		snprintf(detail, REJECT_DETAIL_MAX, "format %s, byte %zu: expected %s%s%s",
			 log_format_name(format), error.offset + 1, error.expected,
			 guess[0] != '\0' ? "; " : "", guess);
		return reason;
	}
	memcpy(row->id, line->id, sizeof(row->id));
	row->origin = line->origin;
	fill_columns(state, &access, row);
	return REASON_NONE;
}

int
clean_row_compare(const void *a, const void *b)
{
	const struct clean_row *left = *(const struct clean_row *const *)a;
	const struct clean_row *right = *(const struct clean_row *const *)b;
	int order;

	if (left->timestamp != right->timestamp)
		return left->timestamp < right->timestamp ? -1 : 1;
	order = memcmp(left->id, right->id, sizeof(left->id));
	if (order != 0)
		return order;
	return left->origin < right->origin ? -1 : left->origin > right->origin;
}
