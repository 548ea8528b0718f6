/* SPDX-License-Identifier: MIT */
/*
 * dlq_options.c - the options and words that follow a verb of `sluicectl dlq`. All verbs share
 * one table of options; which of them a verb knows stands in dlq_verbs.c.
 */
#include "clean_worker/log_format.h"
#include "common/base/log.h"
#include "common/base/nearest.h"
#include "common/message/reason.h"
#include "supervisor/dlq/dlq.h"
#include "supervisor/dlq/dlq_group.h"
#include "supervisor/dlq/dlq_time.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

static const struct option dlq_options[] = {
	{"json", no_argument, NULL, 'j'},
	{"ids", no_argument, NULL, 'i'},
	{"csv", no_argument, NULL, 'v'},
	{"reason", required_argument, NULL, 'r'},
	{"match", required_argument, NULL, 'm'},
	{"since", required_argument, NULL, 's'},
	{"until", required_argument, NULL, 'U'},
	{"source", required_argument, NULL, 'S'},
	{"held", no_argument, NULL, 'H'},
	{"with-held", no_argument, NULL, 'W'},
	{"limit", required_argument, NULL, 'l'},
	{"group", required_argument, NULL, 'G'},
	{"all", no_argument, NULL, 'a'},
	{"confirm", required_argument, NULL, 'q'},
	{"canary", required_argument, NULL, 'c'},
	{"canary-timeout", required_argument, NULL, 'C'},
	{"rate", required_argument, NULL, 'R'},
	{"split", no_argument, NULL, 'x'},
	{"format", required_argument, NULL, 'F'},
	{"keep-format", no_argument, NULL, 'k'},
	{"set-line", required_argument, NULL, 't'},
	{"line-file", required_argument, NULL, 'f'},
	{"out", required_argument, NULL, 'o'},
	{"again", no_argument, NULL, 'A'},
	{"dry-run", no_argument, NULL, 'n'},
	{NULL, 0, NULL, 0},
};

int
dlq_usage(const struct dlq_run *run, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_error("dlq %s: %s", run->verb->name, text);
	log_error("try: sluicectl dlq %s --help", run->verb->name);
	return EX_USAGE;
}

static int
set_time(struct dlq_run *run, const char *text, int64_t *out)
{
	if (dlq_time_parse(text, time(NULL), out) != 0)
		return dlq_usage(run,
				 "\"%s\" is no time: write 2026-11-23, \"2026-11-23 19:03\" "
				 "(UTC, or with +hh:mm), or 2h",
				 text);
	return 0;
}

static int
set_number(struct dlq_run *run, const char *text, const char *unit, int64_t *out)
{
	if (ctl_parse_number(text, unit, out) != 0 || *out == 0)
		return dlq_usage(run, "\"%s\" is not a number from 1", text);
	return 0;
}

static int
set_format(struct dlq_run *run, const char *name)
{
	if (log_format_find(span_of(name)) == NULL)
		return dlq_usage(run, "\"%s\" is none of " SETTINGS_FORMATS, name);
	run->format = name;
	return 0;
}

static int
set_match(struct dlq_run *run, const char *regex)
{
	char error[256];

	if (dlq_select_set_regex(&run->select, regex, error, sizeof(error)) != 0)
		return dlq_usage(run, "%s", error);
	return 0;
}

/* A warning only: letters of others may have other reasons. */
static int
set_reason(struct dlq_run *run, const char *reason)
{
	struct nearest nearest = {.word = reason};

	run->select.reason = reason;
	if (strncmp(reason, "broker.", strlen("broker.")) == 0 || strcmp(reason, "unknown") == 0)
		return 0;
	for (int i = REASON_NONE + 1; i < REASON_COUNT; i++) {
		if (strcmp(reason, reason_name((enum reason)i)) == 0)
			return 0;
		nearest_consider(&nearest, reason_name((enum reason)i));
	}
	log_warning("dlq %s: \"%s\" is no reason of Sluice's own%s%s%s", run->verb->name, reason,
		    nearest.best != NULL ? ": did you mean \"" : "",
		    nearest.best != NULL ? nearest.best : "", nearest.best != NULL ? "\"?" : "");
	return 0;
}

static int
set_group(struct dlq_run *run, const char *text)
{
	if (dlq_group_parse(text, &run->select.group) != 0)
		return dlq_usage(run, "\"%s\" is no group: sluicectl dlq groups prints them", text);
	run->select.has_group = true;
	return 0;
}

static int
take_flag(struct dlq_run *run, int option)
{
	const struct {
		char option;
		bool *flag;
	} flags[] = {{'j', &run->json},
		     {'i', &run->ids_only},
		     {'v', &run->csv},
		     {'H', &run->select.only_held},
		     {'W', &run->select.with_held},
		     {'a', &run->select.all},
		     {'x', &run->split},
		     {'k', &run->keep_format},
		     {'A', &run->allow_duplicates},
		     {'n', &run->dry_run}};

	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (flags[i].option == option)
			*flags[i].flag = true;
	return 0;
}

static int
take_option(struct dlq_run *run, int option, const char *value)
{
	switch (option) {
	case 'r':
		return set_reason(run, value);
	case 'm':
		return set_match(run, value);
	case 's':
		return set_time(run, value, &run->select.since_s);
	case 'U':
		return set_time(run, value, &run->select.until_s);
	case 'S':
		run->select.source = value;
		return 0;
	case 'l':
		return set_number(run, value, "", &run->limit);
	case 'G':
		return set_group(run, value);
	case 'q':
		run->confirm = value;
		return 0;
	case 'c':
		return set_number(run, value, "", &run->canary);
	case 'C':
		if (ctl_parse_duration(value, &run->canary_ms) != 0)
			return dlq_usage(run, "\"%s\" is no duration", value);
		return 0;
	case 'R':
		return set_number(run, value, "/s", &run->rate);
	case 'F':
		return set_format(run, value);
	case 't':
		run->set_line = value;
		return 0;
	case 'f':
		run->line_file = value;
		return 0;
	case 'o':
		run->out = value;
		return 0;
	default:
		return take_flag(run, option);
	}
}

/* A word that is nothing: perhaps a queue mistyped. */
static int
refuse_word(const struct dlq_run *run, const char *word, const char *error)
{
	struct nearest nearest = {.word = word};

	for (size_t i = 0; i < STAGE_COUNT; i++) {
		nearest_consider(&nearest, stage_table[i].name);
		nearest_consider(&nearest, stage_table[i].queue);
		nearest_consider(&nearest, stage_table[i].dead_queue);
	}
	if (nearest.best != NULL)
		return dlq_usage(run, "\"%s\" is no queue: did you mean \"%s\"?", word,
				 nearest.best);
	return dlq_usage(run, "%s", error);
}

/* A queue, "-", an id, a group, or something of the verb's own. */
static int
take_word(struct dlq_run *run, char *word)
{
	bool has_file = run->verb->handler == dlq_import || run->verb->handler == dlq_restore;
	enum stage_id queue;
	char error[256];

	if (has_file && run->arg_count == 0) {
		run->args[run->arg_count++] = word;
		return 0;
	}
	if (stage_find(word, &queue) == 0) {
		run->select.queue[queue] = true;
		return 0;
	}
	if (strcmp(word, "-") == 0) {
		run->stdin_ids = true;
		if (dlq_select_read(&run->select, stdin, error, sizeof(error)) != 0)
			return dlq_usage(run, "standard input: %s", error);
		return 0;
	}
	if (dlq_select_add(&run->select, word, error, sizeof(error)) != 0)
		return refuse_word(run, word, error);
	return 0;
}

int
dlq_read_options(struct dlq_run *run, int argc, char **argv)
{
	int option, code = 0;

	while (code == 0 && (option = getopt_long(argc, argv, "n", dlq_options, NULL)) != -1) {
		if (option == '?')
			return EX_USAGE;
		if (strchr(run->verb->options, option) == NULL)
			return dlq_usage(run, "it has no option %s", argv[optind - 1]);
		code = take_option(run, option, optarg);
	}
	for (int i = optind; code == 0 && i < argc; i++)
		code = take_word(run, argv[i]);
	if (code == 0 && run->select.until_s != 0 && run->select.since_s > run->select.until_s)
		return dlq_usage(run, "--since is later than --until");
	dlq_select_sort(&run->select);
	return code;
}
