/* SPDX-License-Identifier: MIT */
/*
 * command_inputs.c - the table of inputs as JSON.
 */
#include "supervisor/daemon/command_inputs.h"
#include "common/base/xalloc.h"
#include "common/process/input_table.h"

#include <stdlib.h>
#include <sysexits.h>

static json_t *
time_or_null(bool known, int64_t wall_ms)
{
	return known ? request_time(wall_ms) : json_null();
}

static json_t *
input_json(const struct input_row *row)
{
	return json_pack("{s:o, s:o, s:s, s:b, s:I, s:I, s:I, s:I, s:f, s:o, s:o, s:o, s:o}",
			 "path", request_text(row->path), "format", request_text(row->format),
			 "state", input_state_name((enum input_state)row->state), "open",
			 (int)row->is_open, "size", (json_int_t)row->size, "read",
			 (json_int_t)row->read, "confirmed", (json_int_t)row->confirmed,
			 "behind_bytes", (json_int_t)MAX(0, row->size - row->confirmed), "behind_s",
			 (double)row->lag_ms / 1000, "last_read",
			 time_or_null(row->read_wall_ms != 0, row->read_wall_ms), "grown",
			 time_or_null(row->grown_wall_ms != 0, row->grown_wall_ms), "last_line",
			 time_or_null(row->has_line, row->line_s * 1000), "error",
			 request_text(row->error));
}

static json_t *
unread_json(const struct input_unread *row)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "path", request_text(row->path), "archive",
			 request_text(row->archive), "bytes",
			 row->bytes >= 0 ? json_integer((json_int_t)row->bytes) : json_null(), "at",
			 time_or_null(row->found_s != 0, row->found_s * 1000));
}

json_t *
command_inputs(struct supervisor *supervisor, json_t *arguments UNUSED,
	       struct request_error *error UNUSED)
{
	struct input_table *table = xcalloc(1, sizeof(*table));
	bool known = input_table_read(supervisor->spawner.inputs, table);
	json_t *files = json_array(), *unread = json_array(), *data;

	for (uint32_t i = 0; i < table->rows; i++)
		json_array_append_new(files, input_json(&table->row[i]));
	for (uint32_t i = 0; i < table->unread; i++)
		json_array_append_new(unread, unread_json(&table->unread_row[i]));
	data = json_pack("{s:b, s:o, s:I, s:I, s:I, s:I, s:I, s:f, s:o, s:o, s:I, s:I}", "known",
			 (int)known, "at", time_or_null(known, table->wall_ms), "total",
			 (json_int_t)table->total, "open", (json_int_t)table->open, "open_limit",
			 (json_int_t)table->open_limit, "skipped", (json_int_t)table->skipped,
			 "behind_bytes", (json_int_t)table->behind_bytes, "behind_s",
			 (double)table->lag_ms / 1000, "files", files, "unread", unread,
			 "unread_total", (json_int_t)table->unread_total, "unread_bytes",
			 (json_int_t)table->unread_bytes);
	free(table);
	return data;
}

json_t *
command_acknowledge(struct supervisor *supervisor, json_t *arguments UNUSED,
		    struct request_error *error)
{
	struct input_table *table = xcalloc(1, sizeof(*table));
	bool known = input_table_read(supervisor->spawner.inputs, table) &&
		     pool_slot(&supervisor->pool, ROLE_PRODUCER, 0)->pid > 0;
	int64_t count = table->unread_total, bytes = table->unread_bytes;

	free(table);
	if (!known)
		return request_fail(error, EX_UNAVAILABLE,
				    "no producer runs on this host, or it has not said yet which "
				    "files it reads");
	if (count > 0) {
		atomic_fetch_add(&supervisor->spawner.inputs->acknowledged, 1);
		events_add(&supervisor->pool.events, EVENT_ACKNOWLEDGE, "producer",
			   supervisor->pool.actor,
			   "%lld files packed before they were read (%lld bytes)", (long long)count,
			   (long long)bytes);
	}
	return json_pack("{s:I}", "acknowledged", (json_int_t)count);
}
