/* SPDX-License-Identifier: MIT */
/*
 * verbs.h - the command line of sluicectl as tables: a row is a verb, and a verb may have verbs of
 * its own. Parsing, "did you mean", help and completion come from the rows.
 *
 * Exit codes: 0 ok, 1 failed, 3 partly done, else those of sysexits.h: 64 usage, 65 data, 66 no
 * such file, 69 sluiced, broker or database not reachable, 75 not done in time, 77 no permission,
 * 78 settings not accepted.
 */
#ifndef SUPERVISOR_CLI_VERBS_H
#define SUPERVISOR_CLI_VERBS_H

#include <limits.h>

#include "common/base/defs.h"
#include "supervisor/cli/client.h"
#include "supervisor/cli/options.h"
#include "supervisor/cli/output.h"

enum { CTL_OK = 0, CTL_FAILED = 1, CTL_PARTLY = 3 };

enum { VERB_ANY_WORDS = INT_MAX };

/* One call of a verb. */
struct call {
	struct client *client;
	const struct verb *verbs; /* the whole table */
	const struct verb *verb;
	char name[40]; /* "dlq list" */
	struct options options;
	struct output output;
};

/* Tables end with a row without a name. */
struct verb {
	const char *name;
	const char *synopsis; /* what follows the name besides options; NULL = nothing */
	const char *help;     /* the first line is its entry in the overview */
	const char *example;
	const char *words; /* what may be typed for the synopsis, for completion; NULL = unknown */
	bool takes_files;  /* words are files */
	bool takes_children;	  /* words may be children, as lake/0 */
	const char *no_words;	  /* what to say when a word is missing; NULL = none is needed */
	int max_words;		  /* VERB_ANY_WORDS = as many as one likes */
	int usage_code;		  /* exit code for wrong usage; 0 = EX_USAGE */
	const struct verb *verbs; /* its own; then it has no words, options and handler */
	const struct option_row *const *options; /* OPTION_LIST(...) */
	int (*handler)(struct call *call);	 /* returns the exit code */
};

/*
 * Find the verb argv[0], read its options and call its handler; or print help, for "help" or
 * --help. Returns the exit code.
 */
int verbs_run(const struct verb *verbs, struct client *client, int argc, char **argv) MUST_CHECK;

/* Say that the verb was used wrongly; returns the exit code for that. */
int verbs_usage(const struct call *call, const char *format, ...) PRINTF_LIKE(2, 3);

/* Names and first lines of help, a verb per line. */
void verbs_print_overview(const struct verb *verbs, FILE *out);

/* All that is known about a verb; name is how it is called, as "dlq list". */
void verbs_print_help(const struct verb *verb, const char *name, FILE *out);

#endif
