/* SPDX-License-Identifier: MIT */
/*
 * dlq_options.c - the options and words that follow a verb of `sluicectl dlq`.
 */
#include "supervisor/dlq/dlq_options.h"
#include "common/settings/settings.h"
#include "clean_worker/log_format.h"
#include "common/base/log.h"
#include "common/base/nearest.h"
#include "common/message/reason.h"
#include "supervisor/dlq/dlq_group.h"
#include "supervisor/dlq/dlq_time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

const struct option_row dlq_option_ids = {.name = "ids", .help = "print only ids"};
const struct option_row dlq_option_csv = {.name = "csv",
					  .help = "print CSV, for reading in a spreadsheet"};
const struct option_row dlq_option_reason = {.name = "reason",
					     .value = "R",
					     .help = "only letters with this reason",
					     .kind = OPTION_TEXT};
const struct option_row dlq_option_match = {.name = "match",
					    .value = "REGEX",
					    .help = "only letters whose first line matches",
					    .kind = OPTION_TEXT};
const struct option_row dlq_option_since = {.name = "since",
					    .value = "T",
					    .help = "only letters that died then or later",
					    .kind = OPTION_TEXT};
const struct option_row dlq_option_until = {.name = "until",
					    .value = "T",
					    .help = "only letters that died before",
					    .kind = OPTION_TEXT};
const struct option_row dlq_option_source = {.name = "source",
					     .value = "FILE",
					     .help = "only letters whose lines are of this file",
					     .kind = OPTION_TEXT};
const struct option_row dlq_option_held = {.name = "held", .help = "only held letters"};
const struct option_row dlq_option_with_held = {.name = "with-held", .help = "held letters, too"};
const struct option_row dlq_option_limit = {.name = "limit",
					    .value = "N",
					    .help = "no more than N letters",
					    .kind = OPTION_NUMBER,
					    .min = 1};
const struct option_row dlq_option_group = {
	.name = "group", .value = "G", .help = "only letters of this group", .kind = OPTION_TEXT};
const struct option_row dlq_option_all = {.name = "all", .help = "all letters"};
const struct option_row dlq_option_confirm = {.name = "confirm",
					      .value = "QUEUE",
					      .help = "the name of the queue that --all is about",
					      .kind = OPTION_TEXT};
const struct option_row dlq_option_canary = {
	.name = "canary",
	.value = "N",
	.help = "send N first, and the others when none of them came back",
	.kind = OPTION_NUMBER,
	.min = 1};
const struct option_row dlq_option_canary_timeout = {.name = "canary-timeout",
						     .value = "60s",
						     .help = "how long to wait for them",
						     .kind = OPTION_DURATION,
						     .usual = 60000};
const struct option_row dlq_option_rate = {.name = "rate",
					   .value = "N/s",
					   .help = "send so many letters a second",
					   .kind = OPTION_NUMBER,
					   .unit = "/s",
					   .min = 1};
const struct option_row dlq_option_split = {.name = "split",
					    .help = "send a frame as single lines"};
const struct option_row dlq_option_format = {.name = "format",
					     .value = "NAME",
					     .help = "the format to read the lines by",
					     .choices = SETTINGS_FORMATS,
					     .kind = OPTION_TEXT};
const struct option_row dlq_option_keep_format = {.name = "keep-format",
						  .help = "the format that the letter names"};
const struct option_row dlq_option_set_line = {.name = "set-line",
					       .value = "TEXT",
					       .help = "the new line, instead of an editor",
					       .kind = OPTION_TEXT};
const struct option_row dlq_option_line_file = {
	.name = "line-file",
	.value = "FILE",
	.help = "the file with the new line, instead of an editor",
	.kind = OPTION_TEXT};
const struct option_row dlq_option_out = {
	.name = "out", .value = "FILE", .help = "write into this file", .kind = OPTION_TEXT};
const struct option_row dlq_option_again = {.name = "again",
					    .help = "also what is in the queue already"};
const struct option_row dlq_option_dry_run = {
	.name = "dry-run", .letter = 'n', .help = "only count"};

static int
dlq_options_set_time(struct dlq_run *run, const char *text, int64_t *out)
{
	if (dlq_time_parse(text, time(NULL), out) != 0)
		return verbs_usage(run->call,
				   "\"%s\" is no time: write 2026-11-23, \"2026-11-23 19:03\" "
				   "(UTC, or with +hh:mm), or 2h",
				   text);
	return 0;
}

static int
dlq_options_set_since(struct dlq_run *run, const char *text)
{
	return dlq_options_set_time(run, text, &run->select.since_s);
}

static int
dlq_options_set_until(struct dlq_run *run, const char *text)
{
	return dlq_options_set_time(run, text, &run->select.until_s);
}

static int
dlq_options_set_format(struct dlq_run *run, const char *name)
{
	if (log_format_find(span_of(name)) == NULL)
		return verbs_usage(run->call, "\"%s\" is none of " SETTINGS_FORMATS, name);
	run->format = name;
	return 0;
}

static int
dlq_options_set_match(struct dlq_run *run, const char *regex)
{
	char error[256];

	if (dlq_select_set_regex(&run->select, regex, error, sizeof(error)) != 0)
		return verbs_usage(run->call, "%s", error);
	return 0;
}

/* A warning only: letters of others may have other reasons. */
static int
dlq_options_set_reason(struct dlq_run *run, const char *reason)
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
	log_warning("%s: \"%s\" is no reason of Sluice's own%s%s%s", run->call->name, reason,
		    nearest.best != NULL ? ": did you mean \"" : "",
		    nearest.best != NULL ? nearest.best : "", nearest.best != NULL ? "\"?" : "");
	return 0;
}

static int
dlq_options_set_group(struct dlq_run *run, const char *text)
{
	uint32_t group;
	char error[256];

	if (dlq_group_parse(text, &group) != 0)
		return verbs_usage(run->call,
				   "\"%s\" is no group: sluicectl dlq groups prints them", text);
	if (dlq_select_add(&run->select, text, error, sizeof(error)) != 0)
		return verbs_usage(run->call, "%s", error);
	return 0;
}

/* A word that is nothing: perhaps a queue mistyped. */
static int
dlq_options_refuse_word(const struct dlq_run *run, const char *word, const char *error)
{
	struct nearest nearest = {.word = word};

	for (size_t i = 0; i < STAGE_COUNT; i++) {
		nearest_consider(&nearest, stage_table[i].name);
		nearest_consider(&nearest, stage_table[i].queue);
		nearest_consider(&nearest, stage_table[i].dead_queue);
	}
	if (nearest.best != NULL)
		return verbs_usage(run->call, "\"%s\" is no queue: did you mean \"%s\"?", word,
				   nearest.best);
	return verbs_usage(run->call, "%s", error);
}

/* A queue, "-", an id, a group. */
static int
dlq_options_take_word(struct dlq_run *run, const char *word)
{
	enum stage_id queue;
	char error[256];

	if (stage_find(word, &queue) == 0) {
		run->select.queue[queue] = true;
		return 0;
	}
	if (strcmp(word, "-") == 0) {
		run->stdin_ids = true;
		if (dlq_select_read(&run->select, stdin, error, sizeof(error)) != 0)
			return verbs_usage(run->call, "standard input: %s", error);
		return 0;
	}
	if (dlq_select_add(&run->select, word, error, sizeof(error)) != 0)
		return dlq_options_refuse_word(run, word, error);
	return 0;
}

#define MEMBER(member) .offset = offsetof(struct dlq_run, member)

/* Where what was given goes: to a function, or into a member of the run. */
static const struct {
	const struct option_row *row;
	int (*set)(struct dlq_run *run, const char *text); /* NULL = the member */
	size_t offset;
} dlq_options[] = {
	{&dlq_option_reason, .set = dlq_options_set_reason},
	{&dlq_option_match, .set = dlq_options_set_match},
	{&dlq_option_since, .set = dlq_options_set_since},
	{&dlq_option_until, .set = dlq_options_set_until},
	{&dlq_option_group, .set = dlq_options_set_group},
	{&dlq_option_format, .set = dlq_options_set_format},
	{&dlq_option_ids, MEMBER(ids_only)},
	{&dlq_option_csv, MEMBER(csv)},
	{&dlq_option_source, MEMBER(select.source)},
	{&dlq_option_held, MEMBER(select.only_held)},
	{&dlq_option_with_held, MEMBER(select.with_held)},
	{&dlq_option_limit, MEMBER(limit)},
	{&dlq_option_all, MEMBER(select.all)},
	{&dlq_option_confirm, MEMBER(confirm)},
	{&dlq_option_canary, MEMBER(canary)},
	{&dlq_option_canary_timeout, MEMBER(canary_ms)},
	{&dlq_option_rate, MEMBER(rate)},
	{&dlq_option_split, MEMBER(split)},
	{&dlq_option_keep_format, MEMBER(keep_format)},
	{&dlq_option_set_line, MEMBER(set_line)},
	{&dlq_option_line_file, MEMBER(line_file)},
	{&dlq_option_out, MEMBER(out)},
	{&dlq_option_again, MEMBER(allow_duplicates)},
	{&dlq_option_dry_run, MEMBER(dry_run)},
};

static int
dlq_options_set(struct dlq_run *run, const struct option_value *value)
{
	void *member;
	size_t i = 0;

	if (value->row == &option_json)
		return 0;
	while (dlq_options[i].row != value->row)
		i++;
	if (dlq_options[i].set != NULL)
		return dlq_options[i].set(run, value->text);
	member = (char *)run + dlq_options[i].offset;
	if (value->row->kind == OPTION_FLAG)
		*(bool *)member = true;
	else if (value->row->kind == OPTION_TEXT)
		*(const char **)member = value->text;
	else
		*(int64_t *)member = value->number;
	return 0;
}

int
dlq_options_read(struct dlq_run *run, bool takes_file)
{
	const struct options *options = &run->call->options;
	size_t word = 0;
	int code = 0;

	for (size_t i = 0; code == 0 && i < options->value_count; i++)
		code = dlq_options_set(run, &options->values[i]);
	if (takes_file && options->word_count > 0)
		run->file = options->words[word++];
	for (; code == 0 && word < options->word_count; word++)
		code = dlq_options_take_word(run, options->words[word]);
	if (code == 0 && run->select.until_s != 0 && run->select.since_s > run->select.until_s)
		return verbs_usage(run->call, "--since is later than --until");
	dlq_select_sort(&run->select);
	return code;
}
