/* SPDX-License-Identifier: MIT */
/*
 * ctl_dlq.c - `sluicectl dlq`: the table of its verbs, their options, and the walk that they share.
 */
#include "ctl_dlq.h"
#include "common/log.h"
#include "common/nearest.h"
#include "dead_letter_reader.h"
#include "dlq_text.h"

#include <getopt.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

/* Options that choose letters, and those of the verbs that change something. */
#define SELECTING "rmsUSHW"
#define CHANGING "nj"

static const struct dlq_verb verbs[] = {
	{.name = "groups",
	 .synopsis = "[lake|clean] [--held] [--since T] [--until T] [--json]",
	 .help = "what died of what: one line per reason and kind of detail\n"
		 "Details that differ in numbers or in what stands in quotes are one kind. The "
		 "name in the first\n"
		 "column (g…) can be given wherever ids can.",
	 .example = "sluicectl dlq groups clean",
	 .handler = dlq_groups,
	 .options = SELECTING "j"},
	{.name = "list",
	 .synopsis = "[lake|clean] [ID…|-|GROUP] [--reason R] [--match REGEX] [--since T] [--until "
		     "T] [--source FILE] [--held] [--limit N] [--ids|--json]",
	 .help = "the letters, the oldest first\n"
		 "T is a date and time, or how long ago (30m, 2h, 3d). --json prints JSON Lines, "
		 "--ids only the ids,\n"
		 "for the other verbs: they take ids on the command line, or from standard input "
		 "with -.\n"
		 "An id stays the same at every look, also when a letter comes back after a retry.",
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
		 "--with-held. Ctrl-C ends between two letters. -n only counts.",
	 .example = "sluicectl dlq retry g1a2b3c4 --canary 20 --rate 500/s",
	 .handler = dlq_retry,
	 .options = SELECTING CHANGING "laGcCRxFk"},
	{.name = "edit",
	 .synopsis = "ID [--set-line TEXT] [-n]",
	 .help = "change the line of a letter ($VISUAL, $EDITOR or vi), and send it again\n"
		 "The line as it was goes along in x-sluice-original, with who and when, and the "
		 "letter as it was\n"
		 "is kept in the archive CLEAN-edited.ndjson. The row's id is the MD5 of the new "
		 "line.",
	 .example = "sluicectl dlq edit c4f1e09",
	 .handler = dlq_edit,
	 .options = "njtFk"},
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

int
dlq_say(const struct failure *failure)
{
	log_error("%s", failure->text);
	return failure->exit_code != 0 ? failure->exit_code : CTL_FAILED;
}

/* --- options --- */

/* "20", and "20/s" for a rate. Returns 0 or -1. */
static int
parse_number(const char *text, const char *unit, int64_t *number)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 9 || (text[digits] != '\0' && strcmp(text + digits, unit) != 0))
		return -1;
	*number = strtoll(text, NULL, 10);
	return *number > 0 ? 0 : -1;
}

static int
set_time(struct dlq_run *run, const char *text, int64_t *out)
{
	if (dlq_parse_time(text, time(NULL), out) != 0)
		return dlq_usage(run,
				 "\"%s\" is no time: write 2026-11-23, \"2026-11-23 19:03\", or 2h",
				 text);
	return 0;
}

static int
set_number(struct dlq_run *run, const char *text, const char *unit, int64_t *out)
{
	if (parse_number(text, unit, out) != 0)
		return dlq_usage(run, "\"%s\" is not a number from 1", text);
	return 0;
}

static int
set_format(struct dlq_run *run, const char *name)
{
	const char *all = SETTINGS_FORMATS;
	size_t len = strlen(name);

	for (const char *p = all; *p != '\0'; p += strcspn(p, "|"), p += *p == '|') {
		if (strcspn(p, "|") == len && memcmp(p, name, len) == 0) {
			run->format = name;
			return 0;
		}
	}
	return dlq_usage(run, "\"%s\" is none of %s", name, all);
}

static int
set_match(struct dlq_run *run, const char *regex)
{
	char error[256];

	if (dlq_select_match(&run->select, regex, error, sizeof(error)) != 0)
		return dlq_usage(run, "%s", error);
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
		     {'A', &run->again},
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
		run->select.reason = value;
		return 0;
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
	case 'o':
		run->out = value;
		return 0;
	default:
		return take_flag(run, option);
	}
}

/* A queue, "-", an id, a group, or something of the verb's own. */
static int
take_word(struct dlq_run *run, char *word)
{
	bool has_file = run->verb->handler == dlq_import || run->verb->handler == dlq_restore;
	enum dlq_queue queue;
	char error[256];

	if (has_file && run->arg_count == 0) {
		run->args[run->arg_count++] = word;
		return 0;
	}
	if (dlq_queue_find(word, &queue) == 0) {
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
		return dlq_usage(run, "%s", error);
	return 0;
}

static int
read_options(struct dlq_run *run, int argc, char **argv)
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
	dlq_select_ready(&run->select);
	return code;
}

/* --- the walk --- */

struct walk {
	struct dlq_run *run;
	bool take_all;
	dlq_letter_fn *take;
	void *context;
	enum dlq_queue queue;
};

/* Returns false when the walk is over. */
static bool
walk_letter(struct walk *walk, struct delivery **delivery)
{
	struct dlq_run *run = walk->run;
	struct dlq_letter letter;

	dlq_letter_read(run->md5, walk->queue, *delivery, &letter);
	if (!walk->take_all && !dlq_select_takes(&run->select, &letter))
		return true;
	run->selected++;
	if (!walk->take(walk->context, &letter, delivery))
		return false;
	return run->limit == 0 || run->selected < (uint64_t)run->limit;
}

static void
warn_of_missing(const struct dead_letter_reader *reader, enum dlq_queue queue)
{
	if (dead_letter_reader_missing(reader) > 0 || dead_letter_reader_has_company(reader))
		log_warning("%s: somebody else reads these dead letters now; those that they hold "
			    "are not seen here",
			    dlq_queues[queue].dead);
}

static int
walk_queue(struct walk *walk, bool *more)
{
	struct dead_letter_reader *reader;
	struct delivery *delivery = NULL;
	struct failure failure;
	bool end = false;
	int code = CTL_OK;

	if (dead_letter_reader_open(&reader, &walk->run->settings->broker,
				    dlq_queues[walk->queue].dead, "sluicectl dlq",
				    &failure) != OUTCOME_DONE)
		return dlq_say(&failure);
	while (*more && !end) {
		struct pollfd watched = {.fd = dead_letter_reader_fd(reader), .events = POLLIN};

		if (dead_letter_reader_next(reader, &delivery, &end, &failure) != OUTCOME_DONE) {
			code = dlq_say(&failure);
			break;
		}
		if (delivery != NULL)
			*more = walk_letter(walk, &delivery);
		else if (!end)
			poll(&watched, 1, 50);
		delivery_free(&delivery);
	}
	if (code == CTL_OK && !end)
		dead_letter_reader_keep_order(reader);
	warn_of_missing(reader, walk->queue);
	dead_letter_reader_close(&reader);
	return code;
}

int
dlq_walk(struct dlq_run *run, bool take_all, dlq_letter_fn *take, void *context)
{
	struct walk walk = {.run = run, .take_all = take_all, .take = take, .context = context};
	bool more = true;
	int code = CTL_OK;

	run->selected = 0;
	for (size_t i = 0; i < DLQ_QUEUES && code == CTL_OK && more; i++) {
		walk.queue = (enum dlq_queue)i;
		if (dlq_select_wants_queue(&run->select, walk.queue))
			code = walk_queue(&walk, &more);
	}
	return code;
}

static bool
note_prefix(void *context, const struct dlq_letter *letter, struct delivery **delivery UNUSED)
{
	dlq_select_note(context, letter);
	return true;
}

int
dlq_resolve(struct dlq_run *run)
{
	int64_t limit = run->limit;
	char error[256];
	int code = CTL_OK;

	if (run->select.prefix_count > 0) {
		run->limit = 0;
		code = dlq_walk(run, true, note_prefix, &run->select);
		run->limit = limit;
	}
	if (code == CTL_OK && dlq_select_resolve(&run->select, error, sizeof(error)) != 0) {
		log_error("%s", error);
		code = EX_DATAERR;
	}
	return code;
}

/* --- the table --- */

static void
print_overview(void)
{
	printf("usage: sluicectl dlq VERB ...\n\nLook into dead letters, repair them, send them "
	       "again.\n\n");
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		printf("  %-8s %.*s\n", verbs[i].name, (int)strcspn(verbs[i].help, "\n"),
		       verbs[i].help);
	printf("\nAbout one of them: sluicectl dlq VERB --help\n\nexample: sluicectl dlq groups\n");
}

static const struct dlq_verb *
find_verb(const char *name)
{
	struct nearest nearest = {.word = name};

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
		nearest_consider(&nearest, verbs[i].name);
	}
	log_error("dlq: unknown verb \"%s\"%s%s; try: sluicectl dlq --help", name,
		  nearest.best != NULL ? ": did you mean " : "",
		  nearest.best != NULL ? nearest.best : "");
	return NULL;
}

static bool
asks_for_help(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

int
ctl_dlq(struct ctl *ctl, int argc, char **argv)
{
	struct dlq_run run = {.ctl = ctl, .canary_ms = 60000};
	int code;

	if (argc < 2 || argv[1][0] == '-') {
		print_overview();
		return argc >= 2 && asks_for_help(argc, argv) ? CTL_OK : EX_USAGE;
	}
	run.verb = find_verb(argv[1]);
	if (run.verb == NULL)
		return EX_USAGE;
	if (asks_for_help(argc, argv)) {
		printf("usage: sluicectl dlq %s %s\n\n%s\n\nexample: %s\n", run.verb->name,
		       run.verb->synopsis, run.verb->help, run.verb->example);
		return CTL_OK;
	}
	run.args = calloc((size_t)argc, sizeof(*run.args));
	if (run.args == NULL)
		fatal("out of memory");
	code = read_options(&run, argc - 1, argv + 1);
	if (code == 0) {
		run.settings = ctl_settings(ctl);
		run.md5 = md5_new();
		code = run.verb->handler(&run);
		md5_free(&run.md5);
	}
	dlq_select_free(&run.select);
	free(run.args);
	return code;
}
