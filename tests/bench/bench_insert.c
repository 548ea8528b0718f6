/* SPDX-License-Identifier: MIT */
/*
 * bench_insert.c - the ceiling: the bare inserts of both tables at once, nothing else.
 *
 *   bench_insert CONF LOG BATCH_ROWS [raw|clean]
 *
 * Two processes, one connection each; the real rows in the real tables by the very code the workers
 * use, in transactions of BATCH_ROWS. Rows are parsed, hashed and sorted before the clock starts.
 * No broker, no parsing, no acknowledgement in it: what the pipeline could reach at best. Prints
 * {"lines": N, "seconds": S}.
 */
#include "tests/bench/bench.h"
#include "clean_worker/clean_row.h"
#include "common/database/db_insert.h"
#include "common/base/log.h"
#include "common/base/utf8.h"
#include "common/base/xalloc.h"
#include "common/settings/settings_load.h"
#include "lake_worker/raw_row.h"

#include <stdio.h>
#include <stdlib.h>

struct table_job {
	const struct table *table;
	fill_row_fn *fill;
	compare_rows_fn *compare;
	void *state; /* of fill */
	const struct settings *settings;
	const struct span *lines;
	size_t line_count, batch_rows;
};

struct prepared {
	const struct table_job *job;
	struct db *db;
	struct db_insert *insert;
	const void **rows; /* each batch of them is sorted */
	size_t row_count;
};

static size_t
make_rows(const struct table_job *job, char *rows)
{
	struct md5 *md5 = md5_new();
	struct message message = MESSAGE_INIT;
	char detail[REJECT_DETAIL_MAX];
	size_t count = 0;

	for (size_t i = 0; i < job->line_count; i++) {
		struct line_context line = {.line = job->lines[i], .message = &message};

		line.valid_utf8 = utf8_valid(line.line);
		if (!line.valid_utf8)
			continue; /* the few that need escaping */
		md5_hex(md5, line.line, line.id);
		if (job->fill(job->state, &line, rows + count * job->table->row_size, detail) ==
		    REASON_NONE)
			count++;
	}
	md5_free(&md5);
	return count;
}

static void *
prepare(const void *context)
{
	const struct table_job *job = context;
	struct prepared *prepared = xcalloc(1, sizeof(*prepared));
	char *rows = xcalloc(job->line_count, job->table->row_size);
	struct failure failure = {0};

	*prepared = (struct prepared){.job = job, .row_count = make_rows(job, rows)};
	prepared->rows = xcalloc(prepared->row_count, sizeof(*prepared->rows));
	for (size_t i = 0; i < prepared->row_count; i++)
		prepared->rows[i] = rows + i * job->table->row_size;
	for (size_t i = 0; i < prepared->row_count; i += job->batch_rows)
		qsort(prepared->rows + i, MIN(job->batch_rows, prepared->row_count - i),
		      sizeof(*prepared->rows), job->compare);
	bench_need(db_open(&prepared->db, &job->settings->database, 60, &failure), &failure);
	bench_need(db_insert_open(&prepared->insert, prepared->db, job->table, job->batch_rows,
				  job->settings->database.insert, &failure),
		   &failure);
	return prepared;
}

static void
run(void *pointer)
{
	struct prepared *prepared = pointer;
	size_t batch = prepared->job->batch_rows;
	struct failure failure = {0};
	uint64_t inserted;

	for (size_t i = 0; i < prepared->row_count; i += batch) {
		bench_need(db_insert_rows(prepared->insert, prepared->rows + i,
					  MIN(batch, prepared->row_count - i), &inserted, &failure),
			   &failure);
		bench_need(db_commit(prepared->db, &failure), &failure);
	}
	db_insert_close(&prepared->insert);
	db_close(&prepared->db);
}

int
main(int argc, char **argv)
{
	struct settings *settings;
	size_t line_count;

	log_set_program("bench_insert");
	if (argc != 4 && argc != 5)
		fatal_exit(EX_USAGE, "usage: bench_insert CONF LOG BATCH_ROWS [raw|clean]");
	if (settings_load(argv[1], &settings) != 0)
		return EX_CONFIG;
	const struct span *lines = bench_split_lines(bench_read_file(argv[2]), &line_count);
	const struct table_job raw = {.table = &raw_log_table,
				      .fill = raw_row_fill,
				      .compare = raw_row_compare,
				      .settings = settings,
				      .lines = lines,
				      .line_count = line_count,
				      .batch_rows = bench_number(argv[3], "BATCH_ROWS")};
	struct table_job clean = raw;

	clean.table = &clean_log_table;
	clean.fill = clean_row_fill;
	clean.compare = clean_row_compare;
	clean.state = clean_state_new(settings);
	const struct bench_job jobs[] = {
		{.prepare = prepare, .run = run, .context = &raw},
		{.prepare = prepare, .run = run, .context = &clean},
	};
	size_t first = argc == 5 && strcmp(argv[4], "clean") == 0, count = argc == 5 ? 1 : 2;
	double seconds = bench_side_by_side(jobs + first, count);

	printf("{\"lines\": %zu, \"seconds\": %.6f}\n", line_count, seconds);
	return EX_OK;
}
