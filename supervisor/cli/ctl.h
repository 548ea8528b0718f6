/* SPDX-License-Identifier: MIT */
/*
 * ctl.h - what the verbs of sluicectl share. The files of sluicectl start with ctl_; the table of
 * verbs is in sluicectl_verbs.c.
 *
 * Output: data goes to standard output, messages to standard error. Exit codes: 0 ok, 1 failed, 3
 * partly done, else those of sysexits.h: 64 usage, 65 data, 66 no such file, 69 sluiced, broker or
 * database not reachable, 75 not done in time, 77 no permission, 78 settings not accepted.
 */
#ifndef SUPERVISOR_CLI_CTL_H
#define SUPERVISOR_CLI_CTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/base/defs.h"
#include "common/settings/settings.h"
#include "supervisor/shared/roles.h"

enum { CTL_OK = 0, CTL_FAILED = 1, CTL_PARTLY = 3 };

struct ctl {
	const char *settings_path;
	const char *socket_path;   /* of -s; NULL = the one in the settings */
	bool file_refused;	   /* the settings file, and so it may be the wrong socket */
	char *read_socket;	   /* of a file that was not accepted; socket_path may be it */
	struct settings *settings; /* NULL until ctl_settings() was called */
	int fd;			   /* connection to sluiced; -1 = none */
	bool quiet;		   /* do not say that sluiced cannot be reached: that is expected */
	bool on_screen;		   /* what sluiced refuses goes to refusal alone */
	char refusal[256];	   /* its words, the last time */
};

/* argv[0] is the verb. Returns the exit code. */
typedef int (*ctl_fn)(struct ctl *ctl, int argc, char **argv);

struct ctl_verb {
	const char *name;
	const char *synopsis; /* what follows the name */
	const char *help;     /* the first line is its entry in the overview */
	const char *example;
	const char *words; /* what may follow, for completion; NULL = only options */
	ctl_fn handler;
};

extern const struct ctl_verb ctl_verbs[];
extern const size_t ctl_verb_count;

int ctl_status(struct ctl *ctl, int argc, char **argv);
int ctl_scale(struct ctl *ctl, int argc, char **argv);
int ctl_start(struct ctl *ctl, int argc, char **argv);
int ctl_stop(struct ctl *ctl, int argc, char **argv);
int ctl_restart(struct ctl *ctl, int argc, char **argv);
int ctl_pause(struct ctl *ctl, int argc, char **argv);
int ctl_resume(struct ctl *ctl, int argc, char **argv);
int ctl_top(struct ctl *ctl, int argc, char **argv);
int ctl_queues(struct ctl *ctl, int argc, char **argv);
int ctl_events(struct ctl *ctl, int argc, char **argv);
int ctl_health(struct ctl *ctl, int argc, char **argv);
int ctl_metrics(struct ctl *ctl, int argc, char **argv);
int ctl_completion(struct ctl *ctl, int argc, char **argv);
int ctl_reload(struct ctl *ctl, int argc, char **argv);
int ctl_config(struct ctl *ctl, int argc, char **argv);
int ctl_version(struct ctl *ctl, int argc, char **argv);
int ctl_db(struct ctl *ctl, int argc, char **argv);
int ctl_topology(struct ctl *ctl, int argc, char **argv);
int ctl_audit(struct ctl *ctl, int argc, char **argv);
int ctl_dlq(struct ctl *ctl, int argc, char **argv);

/* --- ctl_connection.c --- */

/*
 * The settings, read when first needed; ends sluicectl with EX_CONFIG when they are not accepted.
 */
const struct settings *ctl_settings(struct ctl *ctl);

/*
 * The settings that sluiced runs with, when it can be asked and the file need not or cannot be
 * read; else ctl_settings().
 */
const struct settings *ctl_running_settings(struct ctl *ctl);

/*
 * Send a command to sluiced. It takes no more than its socket: when the settings file is not
 * accepted, that is a warning, and the socket it names is asked, or the default one. arguments (may
 * be NULL) are released. Returns the data of the answer, to be released by the caller; or NULL
 * after a message, with the exit code in exit_code.
 */
json_t *ctl_ask(struct ctl *ctl, const char *command, json_t *arguments, int *exit_code) MUST_CHECK;

void ctl_disconnect(struct ctl *ctl);

/* --- ctl_wait.c --- */

/* How a verb that changes what runs is to go on, see CTL_CHANGE_OPTIONS. */
struct ctl_change {
	bool wait, json, dry_run;
	int64_t timeout_ms;
};

/*
 * The second half of such a verb, after it has printed what it does (unless json): wait as wished,
 * end the line with "ready in 0.8 s", ready being the word in done; or print data with what came of
 * it. Releases data. Returns CTL_OK, CTL_FAILED when a child turned out FATAL, EX_TEMPFAIL when the
 * time was up.
 */
int ctl_finish_change(struct ctl *ctl, const struct ctl_change *change, json_t *data,
		      const struct target *targets, size_t count, const char *done) MUST_CHECK;

/* --- ctl_judge.c --- */

enum ctl_severity { CTL_FINE, CTL_WARNING, CTL_CRITICAL };

/* From which figure on something is a problem; 0 = never. [0] is a warning, [1] critical. */
struct ctl_limits {
	int64_t waiting[2]; /* messages in a queue */
	int64_t age_s[2];   /* of the message taken last */
	int64_t dead[2];    /* dead letters in a queue */
	int64_t deaths_s;   /* somebody died within so many seconds: a warning */
};

/* What is not as it should be: appends {"severity": 1, "text": "..."}; returns the worst. */
enum ctl_severity ctl_judge(const json_t *status, const struct ctl_limits *limits,
			    json_t *problems);

/* --- ctl_events.c --- */

/* One line for people. */
void ctl_print_event(const json_t *event, FILE *out);

/* --- ctl_watch.c --- */

/*
 * Call show every interval_ms until it returns other than CTL_OK, on a terminal over a cleared
 * screen. interval_ms 0: call it once.
 */
int ctl_repeat(struct ctl *ctl, int64_t interval_ms, int (*show)(struct ctl *ctl, void *context),
	       void *context);

/* The argument of --watch (NULL = 2 s). Returns 0, or EX_USAGE after a message. */
int ctl_parse_watch(const char *verb, const char *text, int64_t *interval_ms) MUST_CHECK;

/* --- ctl_table.c --- */

struct libscols_table;
struct libscols_line;

/* libsmartcols without its errors: it fails only for want of memory, which ends sluicectl. */
struct libscols_table *ctl_table_new(void);
void ctl_table_column(struct libscols_table *table, const char *title, bool right);
struct libscols_line *ctl_table_row(struct libscols_table *table);
/* text is new memory, now the table's; colour may be NULL. */
void ctl_table_cell(struct libscols_line *line, size_t column, char *text, const char *colour);
void ctl_table_print(struct libscols_table *table); /* and free it */

/* --- ctl_options.c --- */

/* Read "30s", "2m", "1h", "500ms" or "30" (seconds). Returns 0, or -1 when it is none of these. */
int ctl_parse_duration(const char *text, int64_t *ms) MUST_CHECK;

/*
 * Read a whole number of at most nine digits; the unit ("" = none) may follow it. Returns 0, or -1
 * when it is no such thing.
 */
int ctl_parse_number(const char *text, const char *unit, int64_t *number) MUST_CHECK;

/* Read "lake=4". Returns 0, or -1 with the reason in error. */
int ctl_parse_count(const char *text, enum role_id *role, unsigned *count, char *error,
		    size_t error_size) MUST_CHECK;

struct option;

/*
 * getopt_long() that says what is wrong with an option, and what may have been meant; then it
 * returns '?'. letters begin with ":".
 */
int ctl_getopt(int argc, char **argv, const char *letters, const struct option *options);

/* Say that the verb was used wrongly; returns EX_USAGE. */
int ctl_usage(const char *verb, const char *format, ...) PRINTF_LIKE(2, 3);

/* Is --help or -h among the words behind argv[0]? */
bool ctl_asks_for_help(int argc, char **argv);

/* After the last option: may no word follow? Returns 0, or EX_USAGE after a message. */
int ctl_expect_end(int argc, char **argv) MUST_CHECK;

/* The options of a verb that knows --json only. Returns 0, or EX_USAGE after a message. */
int ctl_read_json_option(int argc, char **argv, bool *json) MUST_CHECK;

/* The options of the verbs that change what runs, as rows of a table for getopt_long(). */
/* clang-format off */
#define CTL_CHANGE_OPTIONS \
	{.name = "no-wait", .val = CTL_OPTION_NO_WAIT}, \
	{.name = "timeout", .has_arg = required_argument, .val = CTL_OPTION_TIMEOUT}, \
	{.name = "json", .val = CTL_OPTION_JSON}, \
	{.name = "dry-run", .val = 'n'}
/* clang-format on */
enum {
	CTL_OPTION_NO_WAIT = 256,
	CTL_OPTION_TIMEOUT,
	CTL_OPTION_JSON,
	CTL_OPTION_OWN, /* the first that a verb may use for itself */
};

/* Take one of them. Returns 0, or EX_USAGE: after a message, or since ctl_getopt() gave one. */
int ctl_take_change_option(const char *verb, struct ctl_change *change, int option,
			   const char *value) MUST_CHECK;

/* --- ctl_text.c --- */

/*
 * A copy, in new memory, that is safe on a terminal: control characters and bytes that are not
 * UTF-8 are written as \xHH.
 */
char *ctl_visible(const char *text);

/* Colour is wanted: standard output is a terminal and NO_COLOR is not set. */
bool ctl_has_colour(void);

/* Members of JSON objects, with a fallback when they are missing or of another type. */
const char *ctl_text(const json_t *object, const char *name, const char *fallback);
double ctl_number(const json_t *object, const char *name, double fallback);

/* Print as indented JSON on standard output. */
void ctl_print_json(const json_t *data);

#endif
