/* SPDX-License-Identifier: MIT */
/*
 * sluicectl.c - the command line: global options, the table of verbs, help.
 */
#include "common/log.h"
#include "common/nearest.h"
#include "supervisor/ctl.h"
#include "supervisor/request.h"

#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const struct ctl_verb verbs[] = {
	{.name = "status",
	 .synopsis = "[--json]",
	 .help = "how every child is, what it has done, and who died lately\n"
		 "READY is what the child says of itself: during an outage of the broker or the "
		 "database it is\n"
		 "no, while STATE stays RUNNING. RATE is over the last seconds. TOTAL counts lines "
		 "confirmed by\n"
		 "the broker (producer) or settled (workers: stored, known already, or rejected).",
	 .example = "sluicectl status --json | jq '.roles.lake.total'",
	 .handler = ctl_status},
	{.name = "scale",
	 .synopsis = "ROLE=COUNT... [--current ROLE=COUNT] [--timeout 30s] [--no-wait] [--json]",
	 .help = "change how many lake or clean workers run (0 to 64), or the producer (0 or 1)\n"
		 "Only the difference is touched: new ones are started, superfluous ones finish "
		 "what they have\n"
		 "in hand. It waits until all are ready (exit code 75 when that takes longer than "
		 "--timeout).\n"
		 "With --current nothing is done unless so many are wanted now. The counts last "
		 "until sluiced\n"
		 "ends; to keep them, put them into the settings file.",
	 .example = "sluicectl scale lake=4 clean=8",
	 .handler = ctl_scale},
	{.name = "start",
	 .synopsis = "ROLE|ROLE/N|all [--timeout 60s] [--no-wait] [--json]",
	 .help = "start what was stopped, waits for its next start, or is FATAL",
	 .example = "sluicectl start lake/0",
	 .handler = ctl_start},
	{.name = "stop",
	 .synopsis = "ROLE|ROLE/N|all [--timeout 60s] [--no-wait] [--json]",
	 .help = "let children finish what they have in hand and keep them stopped",
	 .example = "sluicectl stop clean",
	 .handler = ctl_stop},
	{.name = "restart",
	 .synopsis = "ROLE|ROLE/N|all [--timeout 600s] [--no-wait] [--json]",
	 .help = "stop and start again, one child at a time",
	 .example = "sluicectl restart all",
	 .handler = ctl_restart},
	{.name = "reload",
	 .synopsis = "[--timeout 600s] [--no-wait] [--json]",
	 .help = "read the settings again and restart only whom the changes concern\n"
		 "A file that is not accepted changes nothing (exit code 78).",
	 .example = "sluicectl config check && sluicectl reload",
	 .handler = ctl_reload},
	{.name = "config",
	 .synopsis = "check | show",
	 .help = "check the settings file, or show every setting and where it comes from\n"
		 "This needs no running sluiced.",
	 .example = "sluicectl -c ./sluice.conf config show",
	 .handler = ctl_config},
	{.name = "db",
	 .synopsis = "status [--json] | migrate [-n] [--user NAME --password-file FILE]",
	 .help = "the version of the tables; bring them to the one that this program was built "
		 "for\n"
		 "migrate wants CREATE and ALTER rights: name a user who has them, if that is not "
		 "database.user.\n"
		 "status ends with 1 when a migration is missing. This needs no running sluiced.",
	 .example = "sluicectl db migrate",
	 .handler = ctl_db},
	{.name = "topology",
	 .synopsis = "apply | check | export",
	 .help = "declare exchanges, queues and bindings, check them, or print a definitions file\n"
		 "Nothing that is there in another form is changed or deleted. This needs no "
		 "running "
		 "sluiced.",
	 .example = "sluicectl topology export > definitions.json",
	 .handler = ctl_topology},
	{.name = "dlq",
	 .synopsis = "VERB ...",
	 .help = "dead letters: groups, list, show, check, retry, edit, hold, drop, export and more\n"
		 "This needs no running sluiced.",
	 .example = "sluicectl dlq groups",
	 .handler = ctl_dlq},
	{.name = "version",
	 .synopsis = "[--json]",
	 .help = "versions of sluicectl and of the running sluiced",
	 .example = "sluicectl version",
	 .handler = ctl_version},
};

static void
print_help(void)
{
	printf("usage: sluicectl [-c FILE | -s SOCKET] VERB ...\n\n"
	       "Watch and steer Sluice.\n\n"
	       "  -c FILE        settings file (default %s)\n"
	       "  -s SOCKET      control socket of sluiced, instead of the one in the settings\n"
	       "  -h, --help     print this; after a verb: about that verb\n"
	       "  -V, --version  print the version of sluicectl\n\n",
	       SETTINGS_DEFAULT_PATH);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		printf("  %-10s %.*s\n", verbs[i].name, (int)strcspn(verbs[i].help, "\n"),
		       verbs[i].help);
	printf("\nExit codes: 0 ok, 1 failed, 3 partly done, 64 wrong usage, 65 no such thing, 69 "
	       "not reachable,\n"
	       "75 not done in time, 77 no permission, 78 settings not accepted.\n");
}

static void
print_verb_help(const struct ctl_verb *verb)
{
	printf("usage: sluicectl %s %s\n\n%s\n\nexample: %s\n", verb->name, verb->synopsis,
	       verb->help, verb->example);
}

static const struct ctl_verb *
find_verb(const char *name)
{
	struct nearest nearest = {.word = name};

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
		nearest_consider(&nearest, verbs[i].name);
	}
	if (nearest.best != NULL)
		fatal_exit(EX_USAGE, "unknown verb \"%s\": did you mean %s?", name, nearest.best);
	fatal_exit(EX_USAGE, "unknown verb \"%s\"; try: sluicectl --help", name);
}

static bool
asks_for_help(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

static void
parse_options(struct ctl *ctl, int argc, char **argv)
{
	static const struct option long_options[] = {
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	int option;

	/* "+": options after the verb are the verb's. */
	while ((option = getopt_long(argc, argv, "+c:s:hV", long_options, NULL)) != -1) {
		switch (option) {
		case 'c':
			ctl->settings_path = optarg;
			break;
		case 's':
			ctl->socket_path = optarg;
			break;
		case 'h':
			print_help();
			exit(EX_OK);
		case 'V':
			printf("sluicectl %s\n", SLUICE_VERSION);
			exit(EX_OK);
		default: /* getopt has said what is wrong */
			fprintf(stderr, "try: sluicectl --help\n");
			exit(EX_USAGE);
		}
	}
	if (optind == argc)
		fatal_exit(EX_USAGE, "no verb given; try: sluicectl --help");
}

int
main(int argc, char **argv)
{
	struct ctl ctl = {.settings_path = SETTINGS_DEFAULT_PATH, .fd = -1};
	const struct ctl_verb *verb;
	int exit_code;

	log_set_program("sluicectl");
	setlocale(LC_CTYPE, ""); /* widths of columns */
	request_init();
	parse_options(&ctl, argc, argv);
	argc -= optind;
	argv += optind;
	optind = 0; /* the verb's own options start from the front */
	if (strcmp(argv[0], "help") == 0) {
		if (argc > 1)
			print_verb_help(find_verb(argv[1]));
		else
			print_help();
		return EX_OK;
	}
	verb = find_verb(argv[0]);
	/* dlq has verbs of its own, each with its help */
	if (verb->handler != ctl_dlq && asks_for_help(argc, argv)) {
		print_verb_help(verb);
		return EX_OK;
	}
	exit_code = verb->handler(&ctl, argc, argv);
	ctl_disconnect(&ctl);
	settings_free(&ctl.settings);
	/* Data that did not arrive is not ok, as when the disk behind a redirection is full. */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		log_error("cannot write to standard output");
		return exit_code != 0 ? exit_code : CTL_FAILED;
	}
	return exit_code;
}
