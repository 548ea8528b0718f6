/* SPDX-License-Identifier: MIT */
/*
 * dlq.h - what the verbs of `sluicectl dlq` share; the table of them is in
 * dlq_verbs.c.
 */
#ifndef SUPERVISOR_DLQ_DLQ_H
#define SUPERVISOR_DLQ_DLQ_H

#include "supervisor/cli/ctl.h"
#include "supervisor/dlq/dlq_mover.h"
#include "supervisor/dlq/dlq_select.h"

/* One call of a verb. */
struct dlq_run {
	struct ctl *ctl;
	const struct settings *settings;
	const struct dlq_verb *verb;
	struct md5 *md5;
	struct dlq_select select;
	bool json, ids_only, csv, dry_run, split, again, keep_format, stdin_ids;
	int64_t limit, rate, canary, canary_ms; /* 0 = none */
	const char *confirm, *format, *set_line, *line_file, *out;
	char **args; /* what is neither option, id, group nor queue */
	int arg_count;
	/* what came of it */
	uint64_t selected, moved, failed, unsure;
	uint64_t held_out, as_wanted; /* left alone: held; hold and release had nothing to do */
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

/* --- dlq_walk.c --- */

/* Log the failure; returns its exit code. */
int dlq_say(const struct failure *failure);

/*
 * Call the function for each letter of the queues that are wanted and that the selection takes (all
 * letters with take_all), until it returns false or the limit is reached. It may take the delivery
 * over by setting *delivery to NULL. Returns an exit code, after a message when it is not 0.
 */
typedef bool dlq_letter_fn(void *context, const struct dlq_letter *letter,
			   struct delivery **delivery);
int dlq_walk(struct dlq_run *run, bool take_all, dlq_letter_fn *take, void *context);

/* Say so on standard error when a look found nothing; not with --json and --ids. */
void dlq_say_nothing_found(const struct dlq_run *run, int code);

/* Shortened ids become whole ones; no more work when there are none. Returns an exit code. */
int dlq_resolve(struct dlq_run *run);

/* --- dlq_move.c --- */

struct dlq_job {
	struct dlq_run *run;
	enum dlq_queue queue;
	struct dead_letter_reader *reader;
	struct dlq_mover *mover; /* NULL when nothing is published */
	void *context;
};

struct dlq_move_ops {
	const char *done; /* "sent again" */
	bool publishes;
	/*
	 * Do it for one letter, between dlq_mover_begin and _end when it publishes. REJECT: this
	 * letter stays where it is (failure says why); RETRY, FATAL: stop.
	 */
	enum outcome (*take)(struct dlq_job *job, const struct dlq_letter *letter,
			     struct failure *failure);
	/* May be NULL: is this letter left alone, silently? */
	bool (*skips)(struct dlq_job *job, const struct dlq_letter *letter);
	/*
	 * May be NULL: must this letter stay, for the reason in failure? Asked in a dry run, too.
	 */
	bool (*refuses)(const struct dlq_letter *letter, struct failure *failure);
	/* May be NULL: before a queue is left, everything published is confirmed. */
	enum outcome (*finish)(struct dlq_job *job, struct failure *failure);
};

/* Do it for every letter that the selection takes; counts in run. Returns an exit code. */
int dlq_move(struct dlq_run *run, const struct dlq_move_ops *ops, void *context);

/* Say what was done. Returns the exit code: code, or CTL_PARTLY when not all was done. */
int dlq_report(struct dlq_run *run, const char *done, int code);

#endif
