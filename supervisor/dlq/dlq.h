/* SPDX-License-Identifier: MIT */
/*
 * dlq.h - what the verbs of `sluicectl dlq` share, and the verbs: one function per row of the table
 * in dlq_verbs.c, each in the file of its verb.
 */
#ifndef SUPERVISOR_DLQ_DLQ_H
#define SUPERVISOR_DLQ_DLQ_H

#include "supervisor/cli/verbs.h"
#include "supervisor/dlq/dlq_select.h"

/* One call of a verb. */
struct dlq_run {
	struct call *call;
	const struct settings *settings;
	struct md5 *md5;
	struct dlq_select select;
	bool ids_only, csv, dry_run, split, allow_duplicates, keep_format, stdin_ids;
	int64_t limit, rate, canary, canary_ms; /* 0 = none */
	const char *confirm, *format, *set_line, *line_file, *out;
	const char *file; /* restore, import: where from */
	/* what came of it */
	uint64_t selected, moved, failed, unconfirmed;
	uint64_t left_held, unchanged; /* left alone: held; hold and release had nothing to do */
};

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

#endif
