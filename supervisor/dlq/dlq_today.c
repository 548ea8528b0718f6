/* SPDX-License-Identifier: MIT */
/*
 * dlq_today.c - dead letters through the workers' own batch.
 */
#include "supervisor/dlq/dlq_today.h"
#include "clean_worker/clean_row.h"
#include "common/worker/batch.h"
#include "common/base/xalloc.h"
#include "lake_worker/raw_row.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 256 };

/* --- formats --- */

static bool
belongs_to(const char *pattern, const char *path)
{
	char *rotated;
	bool result;

	if (fnmatch(pattern, path, FNM_PATHNAME) == 0)
		return true;
	rotated = xasprintf("%s[.-]*", pattern);
	result = fnmatch(rotated, path, FNM_PATHNAME) == 0;
	free(rotated);
	return result;
}

const char *
dlq_input_format(const struct settings *settings, struct span source)
{
	const char *format = NULL;
	char *path;

	if (source.ptr == NULL)
		return NULL;
	path = xstrndup(source.ptr, source.len);
	for (size_t i = 0; i < settings->input_count && format == NULL; i++)
		if (belongs_to(settings->inputs[i].path, path))
			format = settings->inputs[i].format;
	free(path);
	return format;
}

const char *
dlq_today_format(const struct settings *settings, const char *format, bool keep_format,
		 const struct message *message)
{
	if (format != NULL)
		return format;
	return keep_format ? NULL : dlq_input_format(settings, message->source);
}

/* --- letters --- */

struct dlq_today {
	const struct settings *settings;
	enum dlq_queue queue;
	const char *format;
	bool keep_format;
	void *state;
	struct batch *batch;
};

struct dlq_today *
dlq_today_new(const struct settings *settings, enum dlq_queue queue, const char *format,
	      bool keep_format)
{
	struct dlq_today *today = xcalloc(1, sizeof(*today));
	struct batch_limits limits = {
		.rows = ROWS,
		.deliveries = 1,
		.max_line_bytes = (size_t)settings->producer.max_line_bytes,
		.position = settings->identity == IDENTITY_POSITION,
		.status = status_private(),
	};

	today->settings = settings;
	today->queue = queue;
	today->format = format;
	today->keep_format = keep_format;
	if (queue == DLQ_CLEAN) {
		today->state = clean_state_new(settings);
		today->batch = batch_new(&clean_log_table, &limits, clean_row_fill, today->state);
	} else {
		today->batch = batch_new(&raw_log_table, &limits, raw_row_fill, NULL);
	}
	return today;
}

void
dlq_today_free(struct dlq_today **today)
{
	if (*today == NULL)
		return;
	batch_free(&(*today)->batch);
	if ((*today)->state != NULL)
		clean_state_free((*today)->state);
	free(*today);
	*today = NULL;
}

size_t
dlq_today_check(struct dlq_today *today, struct delivery **delivery, const char **reason,
		char *detail)
{
	const char *format = dlq_today_format(today->settings, today->format, today->keep_format,
					      &(*delivery)->message);
	size_t failed = 0, rejected;
	bool all;

	if (format != NULL)
		(*delivery)->message.format = span_of(format);
	(*delivery)->message.body = message_lines(&(*delivery)->message);
	batch_take(today->batch, *delivery);
	*delivery = NULL;
	do {
		const struct rejected_line *lines;

		all = batch_fill(today->batch);
		lines = batch_rejected(today->batch, &rejected);
		if (failed == 0 && rejected > 0) {
			*reason = reason_name(lines[0].reason);
			snprintf(detail, DLQ_PATTERN_SIZE, "%s", lines[0].detail);
		}
		failed += rejected;
		batch_settle(today->batch);
	} while (!all);
	return failed;
}
