/* SPDX-License-Identifier: MIT */
/*
 * dlq_verbs.c - the table of the verbs of `sluicectl dlq`, with their help.
 */
#include "supervisor/dlq/dlq.h"

/* Options that choose letters, and those of the verbs that change something. */
#define SELECTING "rmsUSHW"
#define CHANGING "nj"

const struct dlq_verb dlq_verbs[] = {
	{.name = "groups",
	 .synopsis = "[lake|clean] [--held] [--since T] [--until T] [--json]",
	 .help = "what died of what: one line per reason and kind of detail\n"
		 "Details that differ in numbers or in what stands in quotes are one kind: the "
		 "second line says\n"
		 "\"like: \" and one of them, the third has its id and line. The name in the first\n"
		 "column (g…) can be given wherever ids can. Times are UTC; T is as in "
		 "`sluicectl dlq list --help`.",
	 .example = "sluicectl dlq groups clean",
	 .handler = dlq_groups,
	 .options = SELECTING "j"},
	{.name = "list",
	 .synopsis = "[lake|clean] [ID…|-|GROUP] [--reason R] [--match REGEX] [--since T] [--until "
		     "T] [--source FILE] [--held] [--limit N] [--ids|--json]",
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
	 .handler = dlq_list,
	 .options = SELECTING "ljiG"},
	{.name = "show",
	 .synopsis = "ID… [--json]",
	 .help = "everything about a letter: headers, history, the line, and where each format "
		 "stopped\n"
		 "What a terminal would obey is shown as \\xHH or \\u{HEX}.",
	 .example = "sluicectl dlq show c4f1e09",
	 .handler = dlq_show,
	 .options = "j"},
	{.name = "check",
	 .synopsis = "[lake|clean] [ID…|-|GROUP] [--json]",
	 .help = "how many would pass today: runs them through this program's parser and settings\n"
		 "Nothing is moved. A line whose file is one of today's inputs is read by that "
		 "input's format.",
	 .example = "sluicectl dlq check clean",
	 .handler = dlq_check,
	 .options = SELECTING "jFk"},
	{.name = "retry",
	 .synopsis = "ID…|-|GROUP|--group G|--all [lake|clean] [--canary N] [--rate N/s] [--split] "
		     "[--format NAME|--keep-format] [--with-held] [--limit N] [-n] [--json]",
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
	 .handler = dlq_retry,
	 .options = SELECTING CHANGING "laGcCRxFk"},
	{.name = "edit",
	 .synopsis = "ID [--set-line TEXT|--line-file FILE] [--format NAME|--keep-format] [-n]",
	 .help = "change the line of a letter ($VISUAL, $EDITOR or vi), and send it again\n"
		 "The line as it was goes along in x-sluice-original, with who and when, and the "
		 "letter as it was\n"
		 "is kept in the archive lake- or clean-edited.ndjson. The row's id is the MD5 of the new "
		 "line. A line\n"
		 "that would fail today (see check) is sent with a warning. What was typed but "
		 "could not be sent is\n"
		 "kept in a file, and --line-file sends it.",
	 .example = "sluicectl dlq edit c4f1e09",
	 .handler = dlq_edit,
	 .options = "njtfFk"},
	{.name = "hold",
	 .synopsis = "ID…|-|GROUP [lake|clean] [-n]",
	 .help = "mark letters: retry and drop leave them out unless they are named by id\n"
		 "A held letter is a copy of itself at the end of its dead-letter queue.",
	 .example = "sluicectl dlq hold c4f1e09",
	 .handler = dlq_hold,
	 .options = SELECTING CHANGING "Ga"},
	{.name = "release",
	 .synopsis = "ID…|-|GROUP|--all [lake|clean] [-n]",
	 .help = "take the mark of hold away",
	 .example = "sluicectl dlq release --all",
	 .handler = dlq_release,
	 .options = SELECTING CHANGING "Ga"},
	{.name = "drop",
	 .synopsis = "ID…|-|GROUP|--all --confirm QUEUE [--with-held] [--limit N] [-n]",
	 .help = "move letters to an archive file on this machine\n"
		 "Nothing is deleted: supervisor.state_dir/dead-letters/*.ndjson, mode 0600, keeps "
		 "them, written and\n"
		 "synced before they leave the queue. --all wants the queue's name once more.",
	 .example = "sluicectl dlq drop --all --confirm queue-data-clean.dead",
	 .handler = dlq_drop,
	 .options = SELECTING CHANGING "laGq"},
	{.name = "restore",
	 .synopsis = "ARCHIVE [ID…|-] [--again] [-n]",
	 .help = "put dropped letters back into their dead-letter queue, and out of the archive\n"
		 "ARCHIVE is a file, or its name in supervisor.state_dir/dead-letters. What is in "
		 "the queue already\n"
		 "is not put there twice, unless with --again.",
	 .example = "sluicectl dlq restore clean-dropped.ndjson c4f1e09",
	 .handler = dlq_restore,
	 .options = CHANGING "A"},
	{.name = "export",
	 .synopsis = "[lake|clean] [ID…|-|GROUP] [--reason R]… [--csv] [--out FILE]",
	 .help = "copy letters as NDJSON, byte for byte (body_base64 when not UTF-8); they stay\n"
		 "--csv is for reading only: escaped, and harmless in a spreadsheet.",
	 .example = "sluicectl dlq export clean --out letters.ndjson",
	 .handler = dlq_export,
	 .options = SELECTING "lvoGW"},
	{.name = "import",
	 .synopsis = "FILE|- [--again] [-n]",
	 .help = "put letters of an export into their dead-letter queue\n"
		 "What is there already is not put there twice, so it may simply be run again; "
		 "--again does not look.",
	 .example = "sluicectl dlq import letters.ndjson",
	 .handler = dlq_import,
	 .options = CHANGING "A"},
};
const size_t dlq_verb_count = ARRAY_LEN(dlq_verbs);
