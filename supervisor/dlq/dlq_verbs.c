/* SPDX-License-Identifier: MIT */
/*
 * dlq_verbs.c - the table of the verbs of `sluicectl dlq`, with their help; and what they do before
 * and after their work.
 */
#include "supervisor/dlq/dlq_verbs.h"
#include "supervisor/dlq/dlq.h"
#include "supervisor/dlq/dlq_options.h"

static int
dlq_verbs_run(struct call *call, bool takes_file, int (*work)(struct dlq_run *run))
{
	struct dlq_run run = {.call = call, .canary_ms = dlq_option_canary_timeout.usual};
	int code = dlq_options_read(&run, takes_file);

	if (code == 0) {
		run.settings = client_settings(call->client);
		run.md5 = md5_new();
		code = work(&run);
		md5_free(&run.md5);
	}
	dlq_select_free(&run.select);
	return code;
}

/* The handler of a row: dlq_verbs_list() does dlq_list(). */
#define RUN(verb, takes_file)                                       \
	static int dlq_verbs_##verb(struct call *call)              \
	{                                                           \
		return dlq_verbs_run(call, takes_file, dlq_##verb); \
	}

RUN(groups, false)
RUN(list, false)
RUN(show, false)
RUN(check, false)
RUN(retry, false)
RUN(edit, false)
RUN(hold, false)
RUN(release, false)
RUN(drop, false)
RUN(restore, true)
RUN(export, false)
RUN(import, true)

/* Options that choose letters, and those of the verbs that change something. */
#define SELECTING                                                                    \
	&dlq_option_reason, &dlq_option_match, &dlq_option_since, &dlq_option_until, \
		&dlq_option_source, &dlq_option_held, &dlq_option_with_held
#define CHANGING &dlq_option_dry_run, &option_json

/* What may be typed for a queue; behind a space. */
static const char dlq_queue_words[] =
#define STAGE(identifier, section, ...) " " #section
#include "common/settings/stages.def"
#undef STAGE
	;
#define QUEUE_WORDS (dlq_queue_words + 1)

const struct verb dlq_verbs[] = {
	{.name = "groups",
	 .synopsis = "[lake|clean]",
	 .help = "what died of what: one line per reason and kind of detail\n"
		 "Details that differ in numbers or in what stands in quotes are one kind: the "
		 "second line says\n"
		 "\"like: \" and one of them, the third has its id and line. The name in the first\n"
		 "column (g…) can be given wherever ids can. Times are UTC; T is as in "
		 "`sluicectl dlq list --help`.",
	 .example = "sluicectl dlq groups clean",
	 .words = QUEUE_WORDS,
	 .max_words = VERB_ANY_WORDS,
	 .options = OPTION_LIST(SELECTING, &option_json),
	 .handler = dlq_verbs_groups},
	{.name = "list",
	 .synopsis = "[lake|clean] [ID…|-|GROUP]",
	 .help = "the letters, the oldest first\n"
		 "All times are UTC. T is a date and time (2026-11-23, \"2026-11-23 19:03\", "
		 "2026-11-23T19:03:14Z, with\n"
		 "+hh:mm in that zone), or how long ago (30m, 2h, 3d). --json prints JSON Lines, "
		 "--ids only the ids,\n"
		 "for the other verbs: they take ids on the command line, or from standard input "
		 "with -.\n"
		 "An id stays the same at every look, also when a letter comes back after a retry. "
		 "Equal letters,\n"
		 "as of a line that was read twice, share it: a verb that moves letters takes all "
		 "of them.",
	 .example = "sluicectl dlq list clean --reason parse.no_match --match '\"BREW ' --ids | "
		    "sluicectl dlq hold -",
	 .words = QUEUE_WORDS,
	 .max_words = VERB_ANY_WORDS,
	 .options = OPTION_LIST(SELECTING, &dlq_option_limit, &dlq_option_ids, &dlq_option_group,
				&option_json),
	 .handler = dlq_verbs_list},
	{.name = "show",
	 .synopsis = "ID…",
	 .help = "everything about a letter: headers, history, the line, and where each format "
		 "stopped\n"
		 "What a terminal would obey is shown as \\xHH or \\u{HEX}.",
	 .example = "sluicectl dlq show c4f1e09",
	 .max_words = VERB_ANY_WORDS,
	 .options = OPTION_LIST(&option_json),
	 .handler = dlq_verbs_show},
	{.name = "check",
	 .synopsis = "[lake|clean] [ID…|-|GROUP]",
	 .help = "how many would pass today: runs them through this program's parser and settings\n"
		 "Nothing is moved. A line whose file is one of today's inputs is read by that "
		 "input's format.",
	 .example = "sluicectl dlq check clean",
	 .words = QUEUE_WORDS,
	 .max_words = VERB_ANY_WORDS,
	 .options =
		 OPTION_LIST(SELECTING, &dlq_option_format, &dlq_option_keep_format, &option_json),
	 .handler = dlq_verbs_check},
	{.name = "retry",
	 .synopsis = "ID…|-|GROUP|--group G|--all [lake|clean]",
	 .help = "send letters to the queue that they died in, and to no other\n"
		 "Each is confirmed by the broker before it leaves the dead letters. --canary N "
		 "sends N, waits until\n"
		 "each line of them is stored or back (--canary-timeout, 60s), and goes on when "
		 "none came back.\n"
		 "--split sends a frame that the broker took out as single lines. A line whose "
		 "file is one of\n"
		 "today's inputs gets that input's format. Held letters are left out, unless named "
		 "by id or\n"
		 "--with-held. Of a line.too_long of the producer only the start is here: it stays. "
		 "Ctrl-C ends\n"
		 "between two letters. -n only counts.",
	 .example = "sluicectl dlq retry g1a2b3c4 --canary 20 --rate 500/s",
	 .words = QUEUE_WORDS,
	 .max_words = VERB_ANY_WORDS,
	 .options = OPTION_LIST(SELECTING, &dlq_option_limit, &dlq_option_all, &dlq_option_group,
				&dlq_option_canary, &dlq_option_canary_timeout, &dlq_option_rate,
				&dlq_option_split, &dlq_option_format, &dlq_option_keep_format,
				CHANGING),
	 .handler = dlq_verbs_retry},
	{.name = "edit",
	 .synopsis = "ID",
	 .help = "change the line of a letter ($VISUAL, $EDITOR or vi), and send it again\n"
		 "The line as it was goes along in x-sluice-original, with who and when, and the "
		 "letter as it was\n"
		 "is kept in the archive lake- or clean-edited.ndjson. The row's id is the MD5 of the new "
		 "line. A line\n"
		 "that would fail today (see check) is sent with a warning. What was typed but "
		 "could not be sent is\n"
		 "kept in a file, and --line-file sends it.",
	 .example = "sluicectl dlq edit c4f1e09",
	 .max_words = VERB_ANY_WORDS,
	 .options = OPTION_LIST(&dlq_option_set_line, &dlq_option_line_file, &dlq_option_format,
				&dlq_option_keep_format, CHANGING),
	 .handler = dlq_verbs_edit},
	{.name = "hold",
	 .synopsis = "ID…|-|GROUP [lake|clean]",
	 .help = "mark letters: retry and drop leave them out unless they are named by id\n"
		 "A held letter is a copy of itself at the end of its dead-letter queue.",
	 .example = "sluicectl dlq hold c4f1e09",
	 .words = QUEUE_WORDS,
	 .max_words = VERB_ANY_WORDS,
	 .options = OPTION_LIST(SELECTING, &dlq_option_group, &dlq_option_all, CHANGING),
	 .handler = dlq_verbs_hold},
	{.name = "release",
	 .synopsis = "ID…|-|GROUP|--all [lake|clean]",
	 .help = "take the mark of hold away",
	 .example = "sluicectl dlq release --all",
	 .words = QUEUE_WORDS,
	 .max_words = VERB_ANY_WORDS,
	 .options = OPTION_LIST(SELECTING, &dlq_option_group, &dlq_option_all, CHANGING),
	 .handler = dlq_verbs_release},
	{.name = "drop",
	 .synopsis = "ID…|-|GROUP|--all --confirm QUEUE",
	 .help = "move letters to an archive file on this machine\n"
		 "Nothing is deleted: supervisor.state_dir/dead-letters/*.ndjson, mode 0600, keeps "
		 "them, written and\n"
		 "synced before they leave the queue. --all wants the queue's name once more.",
	 .example = "sluicectl dlq drop --all --confirm queue-data-clean.dead",
	 .words = QUEUE_WORDS,
	 .max_words = VERB_ANY_WORDS,
	 .options = OPTION_LIST(SELECTING, &dlq_option_limit, &dlq_option_all, &dlq_option_group,
				&dlq_option_confirm, CHANGING),
	 .handler = dlq_verbs_drop},
	{.name = "restore",
	 .synopsis = "ARCHIVE [ID…|-]",
	 .help = "put dropped letters back into their dead-letter queue, and out of the archive\n"
		 "ARCHIVE is a file, or its name in supervisor.state_dir/dead-letters. What is in "
		 "the queue already\n"
		 "is not put there twice, unless with --again.",
	 .example = "sluicectl dlq restore clean-dropped.ndjson c4f1e09",
	 .max_words = VERB_ANY_WORDS,
	 .options = OPTION_LIST(&dlq_option_again, CHANGING),
	 .handler = dlq_verbs_restore},
	{.name = "export",
	 .synopsis = "[lake|clean] [ID…|-|GROUP]",
	 .help = "copy letters as NDJSON, byte for byte (body_base64 when not UTF-8); they stay\n"
		 "--csv is for reading only: escaped, and harmless in a spreadsheet.",
	 .example = "sluicectl dlq export clean --out letters.ndjson",
	 .words = QUEUE_WORDS,
	 .max_words = VERB_ANY_WORDS,
	 .options = OPTION_LIST(SELECTING, &dlq_option_limit, &dlq_option_csv, &dlq_option_out,
				&dlq_option_group),
	 .handler = dlq_verbs_export},
	{.name = "import",
	 .synopsis = "FILE|-",
	 .help = "put letters of an export into their dead-letter queue\n"
		 "What is there already is not put there twice, so it may simply be run again; "
		 "--again does not look.",
	 .example = "sluicectl dlq import letters.ndjson",
	 .max_words = VERB_ANY_WORDS,
	 .options = OPTION_LIST(&dlq_option_again, CHANGING),
	 .handler = dlq_verbs_import},
	{.name = NULL},
};
