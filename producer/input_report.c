/* SPDX-License-Identifier: MIT */
/*
 * input_report.c - filling the table of inputs.
 */
#include "producer/input_report.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/process/handover.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>

enum { REPORT_MS = 1000 };

void
input_report_open(struct input_report *report, const struct process *process)
{
	*report = (struct input_report){.next = xcalloc(1, sizeof(*report->next))};
	report->table = process->supervised ? input_table_attach(HANDOVER_STATUS_FD)
					    : input_table_private();
	if (report->table == NULL)
		fatal_exit(EX_USAGE, "cannot use the supervisor's table of inputs: %s",
			   strerror(errno));
	/* What was said to a predecessor is not about what this start finds. */
	report->acknowledged = atomic_load(&report->table->acknowledged);
}

void
input_report_close(struct input_report *report)
{
	munmap(report->table, INPUT_TABLE_SIZE);
	free(report->next);
	*report = (struct input_report){0};
}

static int64_t
behind(const struct log_file *file)
{
	return MAX(0, file->size - file->track.confirmed);
}

/* Most bytes behind first, then who grew last. */
static int
compare_files(const void *a, const void *b)
{
	const struct log_file *first = *(struct log_file *const *)a;
	const struct log_file *second = *(struct log_file *const *)b;

	if (behind(first) != behind(second))
		return behind(first) > behind(second) ? -1 : 1;
	if (first->grown_ms != second->grown_ms)
		return first->grown_ms > second->grown_ms ? -1 : 1;
	return strcmp(first->path, second->path);
}

/* Of a path that is too long its end: the name tells more than the folder. */
static void
copy_path(char out[INPUT_TEXT_MAX], const char *path)
{
	size_t len = strlen(path);

	snprintf(out, INPUT_TEXT_MAX, "%s",
		 path + (len < INPUT_TEXT_MAX ? 0 : len - INPUT_TEXT_MAX + 1));
}

static void
fill_row(struct input_row *row, const struct log_file *file, int64_t lag_ms)
{
	static const enum input_state states[] = {
		[LOG_FILE_FOLLOWED] = INPUT_FOLLOWED,
		[LOG_FILE_ROTATED] = INPUT_ROTATED,
		[LOG_FILE_ENDED] = INPUT_ENDED,
	};

	*row = (struct input_row){
		.state = states[file->state],
		.is_open = file->fd >= 0,
		.has_line = file->has_line_time,
		.size = file->size,
		.read = file->next,
		.confirmed = file->track.confirmed,
		.lag_ms = lag_ms,
		.read_wall_ms = file->read_ms,
		.grown_wall_ms = file->grown_ms,
		.line_s = file->line_s,
	};
	copy_path(row->path, file->path);
	snprintf(row->format, sizeof(row->format), "%s", file->input->format);
	if (file->error != 0)
		snprintf(row->error, sizeof(row->error), "%s", strerror(file->error));
}

static void
fill_files(struct input_table *to, struct file_table *table, int64_t now_ms)
{
	struct log_file **files = xreallocarray(NULL, table->count + 1, sizeof(struct log_file *));

	for (size_t i = 0; i < table->count; i++)
		files[i] = table->files[i];
	qsort(files, table->count, sizeof(struct log_file *), compare_files);
	for (size_t i = 0; i < table->count; i++) {
		int64_t lag_ms = log_file_lag_ms(files[i], now_ms);

		to->behind_bytes += behind(files[i]);
		to->lag_ms = MAX(to->lag_ms, lag_ms);
		if (i < INPUT_TABLE_ROWS)
			fill_row(&to->row[to->rows++], files[i], lag_ms);
	}
	free(files);
}

static void
fill_unread(struct input_table *to, const struct checkpoint *retained)
{
	for (size_t i = 0; i < retained->count; i++) {
		const struct checkpoint_entry *entry = &retained->entries[i];
		struct input_unread *row;

		if (entry->archive == NULL)
			continue;
		to->unread_total++;
		to->unread_bytes += MAX(entry->unread, 0);
		if (to->unread == INPUT_TABLE_UNREAD)
			continue;
		row = &to->unread_row[to->unread++];
		copy_path(row->path, entry->path);
		copy_path(row->archive, entry->archive);
		row->bytes = entry->unread;
		row->found_s = entry->gone_s;
	}
}

static void
heed_acknowledgement(struct input_report *report, struct input_set *inputs)
{
	uint32_t acknowledged = atomic_load(&report->table->acknowledged);

	if (acknowledged == report->acknowledged)
		return;
	report->acknowledged = acknowledged;
	input_set_acknowledge(inputs);
}

void
input_report_turn(struct input_report *report, struct input_set *inputs, int64_t now_ms)
{
	struct input_table *next = report->next;

	if (now_ms < report->next_ms)
		return;
	report->next_ms = now_ms + REPORT_MS;
	heed_acknowledgement(report, inputs);
	memset(next, 0, sizeof(*next));
	next->wall_ms = clock_wall_ms();
	next->total = (int64_t)inputs->table.count;
	next->open = (int64_t)file_table_open_count(&inputs->table);
	next->open_limit = (int64_t)MIN(inputs->table.open_max, (size_t)INT64_MAX);
	next->skipped = (int64_t)inputs->scan.errors.count;
	fill_files(next, &inputs->table, now_ms);
	fill_unread(next, &inputs->table.retained);
	input_table_write(report->table, next);
}
