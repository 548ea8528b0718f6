/* SPDX-License-Identifier: MIT */
/*
 * options.h - the options and words behind a verb, read as its table of options says. Help,
 * completion and "did you mean" come from the same rows.
 */
#ifndef SUPERVISOR_CLI_OPTIONS_H
#define SUPERVISOR_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/defs.h"

enum option_kind {
	OPTION_FLAG, /* takes no value */
	OPTION_TEXT,
	OPTION_NUMBER,
	OPTION_DURATION, /* as 30s; its number is in ms */
};

struct option_row {
	const char *name;    /* "dry-run" */
	char letter;	     /* 'n'; 0 = none */
	const char *value;   /* what its value is called in help; NULL for a flag */
	const char *help;    /* a few words, one line */
	const char *choices; /* what the value can be, as "a|b"; NULL = anything */
	enum option_kind kind;
	const char *unit; /* may follow a number, as "/s"; NULL = none */
	int64_t min, max; /* of a number or duration; max 0 = no bound */
	int64_t implied; /* not 0: the value may be left out (--name or --name=VALUE) and is this */
	int64_t usual;	 /* the number when the option is not given */
};

/*
 * A verb's table of options, for tables of verbs outside of functions: pointers to rows, so that
 * verbs can share them.
 */
#define OPTION_LIST(...) ((const struct option_row *const[]){__VA_ARGS__, NULL})

extern const struct option_row option_json; /* --json */

/* What was given, in order. */
struct option_value {
	const struct option_row *row;
	const char *text; /* NULL = no value; borrowed from the command line */
	int64_t number;	  /* of a number or duration */
};

struct options {
	const struct option_row *const *rows; /* the verb's; NULL = it has none */
	struct option_value *values;
	size_t value_count;
	char **words; /* what is no option; borrowed from the command line */
	size_t word_count;
};

/*
 * Read argv[1] to argv[argc - 1], and sort argv: options first. Returns 0, or -1 with the reason in
 * error. options_free() is due in both cases.
 */
int options_read(struct options *options, const struct option_row *const *rows, int argc,
		 char **argv, char *error, size_t error_size) MUST_CHECK;
void options_free(struct options *options);

/*
 * What an option of the verb's table was given; the last one counts. Asking for an option that is
 * not in the table is a bug. options_text() gives NULL when it was not given, options_number() the
 * usual number of its row.
 */
bool options_has(const struct options *options, const char *name);
const char *options_text(const struct options *options, const char *name);
int64_t options_number(const struct options *options, const char *name);

/* Read "30s", "2m", "1h", "500ms" or "30" (seconds). Returns 0, or -1 when it is none of these. */
int options_parse_duration(const char *text, int64_t *ms) MUST_CHECK;

/*
 * Read a whole number of at most nine digits; the unit (NULL = none) may follow it. Returns 0, or
 * -1 when it is no such thing.
 */
int options_parse_number(const char *text, const char *unit, int64_t *number) MUST_CHECK;

#endif
