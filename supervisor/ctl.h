/* SPDX-License-Identifier: MIT */
/*
 * ctl.h - what the verbs of sluicectl share. The files of sluicectl start with ctl_; the table of
 * verbs is in sluicectl.c.
 *
 * Output: data goes to standard output, messages to standard error. Exit codes: 0 ok, 1 failed, 3
 * partly done, else those of sysexits.h: 64 usage, 65 data, 69 sluiced, broker or database not
 * reachable, 75 not done in time, 77 no permission, 78 settings not accepted.
 */
#ifndef SUPERVISOR_CTL_H
#define SUPERVISOR_CTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/defs.h"
#include "common/settings.h"
#include "supervisor/roles.h"

enum { CTL_OK = 0, CTL_FAILED = 1, CTL_PARTLY = 3 };

struct ctl {
	const char *settings_path;
	const char *socket_path;   /* of -s; NULL = the one in the settings */
	struct settings *settings; /* NULL until ctl_settings() was called */
	int fd;			   /* connection to sluiced; -1 = none */
};

/* argv[0] is the verb. Returns the exit code. */
typedef int (*ctl_fn)(struct ctl *ctl, int argc, char **argv);

struct ctl_verb {
	const char *name;
	const char *synopsis; /* what follows the name */
	const char *help;     /* the first line is its entry in the overview */
	const char *example;
	ctl_fn handler;
};

int ctl_status(struct ctl *ctl, int argc, char **argv);
int ctl_scale(struct ctl *ctl, int argc, char **argv);
int ctl_start(struct ctl *ctl, int argc, char **argv);
int ctl_stop(struct ctl *ctl, int argc, char **argv);
int ctl_restart(struct ctl *ctl, int argc, char **argv);
int ctl_reload(struct ctl *ctl, int argc, char **argv);
int ctl_config(struct ctl *ctl, int argc, char **argv);
int ctl_version(struct ctl *ctl, int argc, char **argv);
int ctl_db(struct ctl *ctl, int argc, char **argv);
int ctl_topology(struct ctl *ctl, int argc, char **argv);
int ctl_dlq(struct ctl *ctl, int argc, char **argv);

/* --- ctl_connection.c --- */

/* The settings, read when first needed; ends sluicectl with EX_CONFIG when they are not accepted.
 */
const struct settings *ctl_settings(struct ctl *ctl);

/*
 * Send a command to sluiced. arguments (may be NULL) are released. Returns the data of the answer,
 * to be released by the caller; or NULL after a message, with the exit code in exit_code.
 */
json_t *ctl_ask(struct ctl *ctl, const char *command, json_t *arguments, int *exit_code) MUST_CHECK;

void ctl_disconnect(struct ctl *ctl);

/* --- ctl_wait.c --- */

/*
 * Ask for the status again and again until every child that the targets name is as it is wanted:
 * ready, or gone. Returns 0 with the seconds it took, or an exit code after a message: CTL_FAILED
 * when a child turned out FATAL, EX_TEMPFAIL when the time was up.
 */
int ctl_wait_settled(struct ctl *ctl, const struct target *targets, size_t count,
		     int64_t timeout_ms, double *seconds) MUST_CHECK;

/* --- ctl_options.c --- */

/* Read "30s", "2m", "1h", "500ms" or "30" (seconds). Returns 0, or -1 when it is none of these. */
int ctl_parse_duration(const char *text, int64_t *ms) MUST_CHECK;

/* Read "lake=4". Returns 0, or -1 with the reason in error. */
int ctl_parse_count(const char *text, enum role_id *role, unsigned *count, char *error,
		    size_t error_size) MUST_CHECK;

/* Say that the verb was used wrongly; returns EX_USAGE. */
int ctl_usage(const char *verb, const char *format, ...) PRINTF_LIKE(2, 3);

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
