/* SPDX-License-Identifier: MIT */
/*
 * ctl_audit.c - `sluicectl audit`: read log files again and prove that each line is a row or a dead
 * letter of each queue. The work is audit.c.
 */
#include "clean_worker/log_format.h"
#include "common/clock.h"
#include "common/log.h"
#include "supervisor/audit.h"
#include "supervisor/audit_dead.h"
#include "supervisor/ctl.h"
#include "supervisor/human.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

enum { OPTION_FORMAT = 256, OPTION_JSON, OPTION_LIMIT };
enum { LIMIT_DEFAULT = 20, LIMIT_MAX = 100000, DATABASE_TIMEOUT_S = 300, PROGRESS_MS = 200 };

struct options {
	const char *format; /* NULL = by the inputs of the settings */
	int64_t limit;
	bool json;
	char **files;
	unsigned file_count;
};

struct run {
	const struct options *options;
	const struct settings *settings;
	struct audit *audit;
	int64_t bytes_done, bytes_all, next_ms, since_ms;
	uint64_t lines;
	bool shows; /* progress, on a terminal */
};

static int
read_options(struct options *options, int argc, char **argv)
{
	static const struct option long_options[] = {
		{"format", required_argument, NULL, OPTION_FORMAT},
		{"json", no_argument, NULL, OPTION_JSON},
		{"limit", required_argument, NULL, OPTION_LIMIT},
		{NULL, 0, NULL, 0},
	};
	int option;

	*options = (struct options){.limit = LIMIT_DEFAULT};
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (option) {
		case OPTION_FORMAT:
			options->format = optarg;
			break;
		case OPTION_JSON:
			options->json = true;
			break;
		case OPTION_LIMIT:
			if (ctl_parse_number(optarg, "", &options->limit) != 0 ||
			    options->limit > LIMIT_MAX)
				return ctl_usage("audit", "--limit may be 0 to %d, not \"%s\"",
						 LIMIT_MAX, optarg);
			break;
		default:
			return EX_USAGE;
		}
	}
	if (options->format != NULL && log_format_find(span_of(options->format)) == NULL)
		return ctl_usage("audit", "\"%s\" is none of the formats " SETTINGS_FORMATS,
				 options->format);
	if (optind == argc)
		return ctl_usage("audit", "name the log files to read");
	options->files = argv + optind;
	options->file_count = (unsigned)(argc - optind);
	return 0;
}

/* --- progress --- */

static void
show(struct run *run, const char *doing)
{
	int64_t now_ms = clock_mono_ms();
	char count[32];

	if (!run->shows || now_ms < run->next_ms)
		return;
	run->next_ms = now_ms + PROGRESS_MS;
	fprintf(stderr, "\r\033[K%3d %%  %s lines, %.0f/s  %s",
		run->bytes_all > 0 ? (int)(run->bytes_done * 100 / run->bytes_all) : 100,
		human_count(run->lines, count, sizeof(count)),
		(double)run->lines * 1000 / (double)MAX(1, now_ms - run->since_ms), doing);
}

static void
hide(const struct run *run)
{
	if (run->shows)
		fprintf(stderr, "\r\033[K");
}

/* --- reading --- */

static int
say_failure(const struct run *run, const struct failure *failure)
{
	hide(run);
	log_error("%s", failure->text);
	return failure->exit_code;
}

static int
read_lines(struct run *run, struct audit_file *file, unsigned number, const char *format)
{
	int64_t before = run->bytes_done;
	struct audit_line line;
	struct failure failure;
	int got;

	while ((got = audit_file_next(file, &line)) == 1) {
		if (audit_line(run->audit, number, file->id, span_of(format), &line, &failure) !=
		    OUTCOME_DONE)
			return say_failure(run, &failure);
		run->lines++;
		run->bytes_done = before + line.offset + line.length;
		if (run->lines % 1024 == 0)
			show(run, file->path);
	}
	run->bytes_done = before + file->size;
	if (got == 0)
		return 0;
	hide(run);
	log_error("%s: %s", file->path, strerror(errno));
	return EX_IOERR;
}

static int
read_file(struct run *run, unsigned number)
{
	const char *path = run->options->files[number];
	const char *format = run->options->format, *state_dir = NULL;
	struct audit_file file;
	int code;

	if (format == NULL)
		format = audit_file_format(run->settings, path);
	if (format == NULL) {
		log_error("%s: no input of the settings has this path: say its format with "
			  "--format " SETTINGS_FORMATS,
			  path);
		return EX_USAGE;
	}
	if (run->settings->identity == IDENTITY_POSITION)
		state_dir = run->settings->supervisor.state_dir;
	code = audit_file_open(&file, path, state_dir);
	if (code == 0)
		code = read_lines(run, &file, number, format);
	audit_file_close(&file);
	return code;
}

static bool
take_dead(void *context, enum audit_queue queue, const struct message *message)
{
	struct run *run = context;

	audit_dead_letter(run->audit, queue, message);
	show(run, audit_queue_names[queue].dead_queue);
	return true;
}

static int
read_everything(struct run *run, const struct audit_result **result)
{
	struct failure failure;
	struct stat info;
	int code = 0;

	for (unsigned i = 0; i < run->options->file_count; i++)
		if (stat(run->options->files[i], &info) == 0)
			run->bytes_all += info.st_size;
	for (unsigned i = 0; i < run->options->file_count && code == 0; i++)
		code = read_file(run, i);
	if (code != 0)
		return code;
	for (int q = 0; q < AUDIT_QUEUES; q++) {
		uint32_t unseen = 0;

		if (audit_dead_walk(&run->settings->broker, (enum audit_queue)q, take_dead, run,
				    &unseen, &failure) != OUTCOME_DONE)
			return say_failure(run, &failure);
		hide(run);
		if (unseen > 0)
			log_warning("%u dead letters of %s are held by somebody else and were not "
				    "seen: their lines may seem to be missing",
				    unseen, audit_queue_names[q].dead_queue);
	}
	if (audit_finish(run->audit, result, &failure) != OUTCOME_DONE)
		return say_failure(run, &failure);
	hide(run);
	return 0;
}

/* --- the answer --- */

static uint64_t
missing_of(const struct audit_result *result)
{
	return result->queue[AUDIT_LAKE].missing + result->queue[AUDIT_CLEAN].missing;
}

static json_t *
queue_json(const struct audit_result *result, int q)
{
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "table", audit_queue_names[q].table,
			 "dead_queue", audit_queue_names[q].dead_queue, "stored",
			 (json_int_t)result->queue[q].stored, "dead",
			 (json_int_t)result->queue[q].dead, "both",
			 (json_int_t)result->queue[q].both, "missing",
			 (json_int_t)result->queue[q].missing, "dead_lines_in_queue",
			 (json_int_t)result->queue[q].dead_lines);
}

static void
print_json(const struct options *options, const struct audit_result *result)
{
	json_t *queues = json_object(), *missing = json_array(), *all;

	for (int q = 0; q < AUDIT_QUEUES; q++)
		json_object_set_new(queues, audit_queue_names[q].queue, queue_json(result, q));
	for (size_t i = 0; i < result->missing_count; i++) {
		const struct audit_missing *m = &result->missing[i];
		char *file = ctl_visible(options->files[m->file]);
		json_t *in = json_array();

		for (int q = 0; q < AUDIT_QUEUES; q++)
			if (m->queues & 1u << q)
				json_array_append_new(in, json_string(audit_queue_names[q].queue));
		json_array_append_new(missing, json_pack("{s:s, s:I, s:o}", "file", file, "offset",
							 (json_int_t)m->offset, "queues", in));
		free(file);
	}
	all = json_pack("{s:b, s:I, s:I, s:I, s:I, s:o, s:I, s:o}", "ok", missing_of(result) == 0,
			"lines", (json_int_t)result->lines, "distinct",
			(json_int_t)result->distinct, "unfinished", (json_int_t)result->unfinished,
			"too_long", (json_int_t)result->too_long, "queues", queues, "missing",
			(json_int_t)missing_of(result), "missing_lines", missing);
	ctl_print_json(all);
	json_decref(all);
}

static void
print_missing(const struct options *options, const struct audit_result *result)
{
	for (size_t i = 0; i < result->missing_count; i++) {
		const struct audit_missing *m = &result->missing[i];
		char *file = ctl_visible(options->files[m->file]);

		printf("missing: %s:%" PRId64 " in", file, m->offset);
		for (int q = 0; q < AUDIT_QUEUES; q++)
			if (m->queues & 1u << q)
				printf(" %s", audit_queue_names[q].table);
		printf("\n");
		free(file);
	}
}

static void
print_text(const struct options *options, const struct audit_result *result)
{
	printf("%" PRIu64 " lines, %" PRIu64 " distinct", result->lines, result->distinct);
	if (result->too_long > 0)
		printf(", %" PRIu64 " of them too long for a row", result->too_long);
	if (result->unfinished > 0)
		printf("; %" PRIu64 " unfinished at the end of a file: not yet a line",
		       result->unfinished);
	printf("\n\n%-10s %12s %12s %12s\n", "TABLE", "ROWS", "DEAD LETTERS", "MISSING");
	for (int q = 0; q < AUDIT_QUEUES; q++)
		printf("%-10s %12" PRIu64 " %12" PRIu64 " %12" PRIu64 "\n",
		       audit_queue_names[q].table, result->queue[q].stored, result->queue[q].dead,
		       result->queue[q].missing);
	for (int q = 0; q < AUDIT_QUEUES; q++)
		if (result->queue[q].both > 0)
			printf("%" PRIu64 " of the rows of %s are also in %s\n",
			       result->queue[q].both, audit_queue_names[q].table,
			       audit_queue_names[q].dead_queue);
	printf("\n");
	print_missing(options, result);
	if (missing_of(result) == 0)
		printf("nothing is missing\n");
	else
		printf("missing now; lines that are on their way count too: look again when the "
		       "queues are empty\n");
}

int
ctl_audit(struct ctl *ctl, int argc, char **argv)
{
	const struct audit_result *result = NULL;
	struct options options;
	struct failure failure;
	struct run run = {.options = &options};
	struct db *db = NULL;
	int code = read_options(&options, argc, argv);

	if (code != 0)
		return code;
	run.settings = ctl_settings(ctl);
	run.shows = isatty(STDERR_FILENO);
	run.since_ms = clock_mono_ms();
	if (db_open(&db, &run.settings->database, DATABASE_TIMEOUT_S, &failure) != OUTCOME_DONE ||
	    db_check_schema(db, &failure) != OUTCOME_DONE ||
	    db_execute(db, "SET autocommit = 1", &failure) != OUTCOME_DONE) {
		db_close(&db);
		return say_failure(&run, &failure);
	}
	run.audit = audit_new(db, run.settings, (size_t)options.limit);
	code = read_everything(&run, &result);
	if (code == 0) {
		if (options.json)
			print_json(&options, result);
		else
			print_text(&options, result);
		code = missing_of(result) == 0 ? CTL_OK : CTL_FAILED;
	}
	audit_free(&run.audit);
	db_close(&db);
	return code;
}
