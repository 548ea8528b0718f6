/* SPDX-License-Identifier: MIT */
/*
 * bench_lines.c - what one core does to lines, without broker and database.
 *
 *   bench_lines LOG ROUNDS
 *
 * md5: the id alone; parse: the parser alone, the time in it; line: both, as a clean line needs
 * them; raw_row and clean_row: all that a worker does from the bytes of a line to a row in memory
 * (UTF-8, id, parser, URL, user, lengths). Best of ROUNDS, in lines per CPU second, as one JSON
 * object.
 */
#include "tests/bench/bench.h"
#include "clean_worker/clean_row.h"
#include "clean_worker/log_parse.h"
#include "common/worker/batch.h"
#include "common/base/log.h"
#include "common/base/md5.h"
#include "lake_worker/raw_row.h"

#include <stdio.h>

struct work {
	const struct span *lines;
	size_t count;
	struct md5 *md5;
	const struct log_format *format;
	struct batch *raw, *clean;
	uint64_t sink; /* results end here, so that none is left out as unused */
};

static void
hash_line(struct work *work, struct span line)
{
	char id[MD5_HEX_LEN];

	md5_hex(work->md5, line, id);
	work->sink += (unsigned char)id[0];
}

static void
parse_line(struct work *work, struct span line)
{
	struct access_line access;
	struct parse_error error;

	if (log_parse(work->format, line, &access, &error) == REASON_NONE)
		work->sink += access.status + (uint64_t)access.time.utc;
}

static void
run_md5(struct work *work)
{
	for (size_t i = 0; i < work->count; i++)
		hash_line(work, work->lines[i]);
}

static void
run_parse(struct work *work)
{
	for (size_t i = 0; i < work->count; i++)
		parse_line(work, work->lines[i]);
}

static void
run_line(struct work *work)
{
	for (size_t i = 0; i < work->count; i++) {
		hash_line(work, work->lines[i]);
		parse_line(work, work->lines[i]);
	}
}

/* --- rows, in frames as the producer sends them --- */

enum { FRAME_LINES = 1024, BATCH_FRAMES = 5, BATCH_ROWS = 5120 };

/* These stand in for the broker's: a delivery here is a static one, and plain. */
void
delivery_free(struct delivery **delivery)
{
	*delivery = NULL;
}

const char *
delivery_unpack(struct delivery *delivery UNUSED, struct unpacker *unpacker UNUSED)
{
	return NULL;
}

static void
fill_rows(struct work *work, struct batch *batch)
{
	static struct delivery deliveries[BATCH_FRAMES];
	size_t used = 0;

	for (size_t at = 0; at < work->count; at += FRAME_LINES) {
		struct span last = work->lines[MIN(at + FRAME_LINES, work->count) - 1];
		struct delivery *delivery = &deliveries[used++];

		delivery->message = MESSAGE_INIT;
		delivery->message.format = SPAN_LITERAL("ezproxy");
		delivery->message.file_id = SPAN_LITERAL("fe01-1234567-17a2b3c4d5e6f708");
		delivery->message.message_id = SPAN_LITERAL("fe01-1234567-17a2b3c4d5e6f708:0");
		delivery->message.body =
			(struct span){.ptr = work->lines[at].ptr,
				      .len = (size_t)(last.ptr + last.len - work->lines[at].ptr)};
		batch_add_delivery(batch, delivery);
		if (used < BATCH_FRAMES && at + FRAME_LINES < work->count)
			continue;
		batch_fill(batch);
		work->sink += batch_row_count(batch);
		batch_finish(batch);
		used = 0;
	}
}

static void
run_raw_rows(struct work *work)
{
	fill_rows(work, work->raw);
}

static void
run_clean_rows(struct work *work)
{
	fill_rows(work, work->clean);
}

/* --- all --- */

static const struct {
	const char *name;
	void (*run)(struct work *work);
} measures[] = {
	{"md5", run_md5},	   {"parse", run_parse},	  {"line", run_line},
	{"raw_row", run_raw_rows}, {"clean_row", run_clean_rows},
};

static double
best_lines_per_s(struct work *work, void (*run)(struct work *work), size_t rounds)
{
	double best_s = 0;

	for (size_t i = 0; i < rounds; i++) {
		double begin_s = bench_cpu_s(), spent_s;

		run(work);
		spent_s = bench_cpu_s() - begin_s;
		if (i == 0 || spent_s < best_s)
			best_s = spent_s;
	}
	return (double)work->count / best_s;
}

static struct batch *
make_batch(const struct table *table, fill_row_fn *fill, void *state)
{
	static struct status_page page;
	const struct batch_limits limits = {.rows = BATCH_ROWS,
					    .deliveries = BATCH_FRAMES,
					    .max_line_bytes = 1 << 20,
					    .status = &page};

	return batch_new(table, &limits, fill, state);
}

int
main(int argc, char **argv)
{
	static const struct settings defaults;
	struct work work = {.md5 = md5_new(), .format = log_format_find(SPAN_LITERAL("ezproxy"))};
	size_t rounds;

	log_set_program("bench_lines");
	if (argc != 3)
		fatal_exit(EX_USAGE, "usage: bench_lines LOG ROUNDS");
	work.lines = bench_split_lines(bench_read_file(argv[1]), &work.count);
	rounds = bench_number(argv[2], "ROUNDS");
	work.raw = make_batch(&raw_log_table, raw_row_fill, NULL);
	work.clean = make_batch(&clean_log_table, clean_row_fill, clean_state_new(&defaults));
	for (size_t i = 0; i < ARRAY_LEN(measures); i++)
		printf("%s\"%s\": %.0f", i == 0 ? "{" : ", ", measures[i].name,
		       best_lines_per_s(&work, measures[i].run, rounds));
	printf("}\n");
	return work.sink == 0;
}
