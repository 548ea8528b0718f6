/* SPDX-License-Identifier: MIT */
/*
 * dlq.h - what the verbs of `sluicectl dlq` share; the table of them is in
 * dlq_verbs.c.
 */
#ifndef SUPERVISOR_DLQ_DLQ_H
#define SUPERVISOR_DLQ_DLQ_H

#include "supervisor/cli/ctl.h"
#include "supervisor/dlq/dlq_select.h"

/* One call of a verb. */
struct dlq_run {
	struct ctl *ctl;
	const struct settings *settings;
	const struct dlq_verb *verb;
	struct md5 *md5;
	struct dlq_select select;
	bool json, ids_only, csv, dry_run, split, allow_duplicates, keep_format, stdin_ids;
	int64_t limit, rate, canary, canary_ms; /* 0 = none */
	const char *confirm, *format, *set_line, *line_file, *out;
	char **args; /* what is neither option, id, group nor queue */
	int arg_count;
	/* what came of it */
	uint64_t selected, moved, failed, unconfirmed;
	uint64_t left_held, unchanged; /* left alone: held; hold and release had nothing to do */
};

struct dlq_verb {
	const char *name;
	const char *synopsis;
	const char *help; /* the first line is its entry in the overview */
	const char *example;
	int (*handler)(struct dlq_run *run);
	const char *options; /* the letters that it knows, of the table in dlq_options.c */
};

extern const struct dlq_verb dlq_verbs[];
extern const size_t dlq_verb_count;

int dlq_groups(struct dlq_run *run);
int dlq_list(struct dlq_run *run);
int dlq_show(struct dlq_run *run);
int dlq_check(struct dlq_run *run);
int dlq_retry(struct dlq_run *run);
int dlq_edit(struct dlq_run *run);
int dlq_hold(struct dlq_run *run);
int dlq_release(struct dlq_run *run);
int dlq_drop(struct dlq_run *run);
int dlq_restore(struct dlq_run *run);
int dlq_export(struct dlq_run *run);
int dlq_import(struct dlq_run *run);

/* --- dlq_options.c --- */

/* Say that it was used wrongly; returns EX_USAGE. */
int dlq_usage(const struct dlq_run *run, const char *format, ...) PRINTF_LIKE(2, 3);

/*
 * What follows the verb, argv[0], into run and its selection; run->args has room for argc words.
 * Returns 0, or EX_USAGE after a message.
 */
int dlq_read_options(struct dlq_run *run, int argc, char **argv) MUST_CHECK;

#endif
