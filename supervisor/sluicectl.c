/* SPDX-License-Identifier: MIT */
/*
 * sluicectl.c - the command line: global options, help, dispatch. The verbs are in sluicectl_verbs.c.
 */
#include "common/base/log.h"
#include "common/base/nearest.h"
#include "supervisor/cli/ctl.h"
#include "supervisor/shared/request.h"

#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static void
sluicectl_print_help(void)
{
	printf("usage: sluicectl [-c FILE | -s SOCKET] VERB ...\n\n"
	       "Watch and steer Sluice.\n\n"
	       "  -c FILE        settings file (default %s)\n"
	       "  -s SOCKET      control socket of sluiced, instead of the one in the settings\n"
	       "  -h, --help     print this; after a verb: about that verb\n"
	       "  -V, --version  print the version of sluicectl\n\n",
	       SETTINGS_DEFAULT_PATH);
	for (size_t i = 0; i < ctl_verb_count; i++)
		printf("  %-10s %.*s\n", ctl_verbs[i].name, (int)strcspn(ctl_verbs[i].help, "\n"),
		       ctl_verbs[i].help);
	printf("\nExit codes: 0 ok, 1 failed, 3 partly done, 64 wrong usage, 65 no such thing, 66 "
	       "no such file,\n"
	       "69 not reachable, 75 not done in time, 77 no permission, 78 settings not accepted.\n");
}

static void
print_verb_help(const struct ctl_verb *verb)
{
	printf("usage: sluicectl %s %s\n\n%s\n\nexample: %s\n", verb->name, verb->synopsis,
	       verb->help, verb->example);
}

static const struct ctl_verb *
sluicectl_find_verb(const char *name)
{
	struct nearest nearest = {.word = name};

	for (size_t i = 0; i < ctl_verb_count; i++) {
		if (strcmp(ctl_verbs[i].name, name) == 0)
			return &ctl_verbs[i];
		nearest_consider(&nearest, ctl_verbs[i].name);
	}
	if (nearest.best != NULL)
		fatal_exit(EX_USAGE, "unknown verb \"%s\": did you mean %s?", name, nearest.best);
	fatal_exit(EX_USAGE, "unknown verb \"%s\"; try: sluicectl --help", name);
}

static void
sluicectl_parse_options(struct ctl *ctl, int argc, char **argv)
{
	static const struct option long_options[] = {
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	int option;

	/* "+": options after the verb are the verb's. */
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:c:s:hV", long_options, NULL)) != -1) {
		switch (option) {
		case 'c':
			ctl->settings_path = optarg;
			break;
		case 's':
			ctl->socket_path = optarg;
			break;
		case 'h':
			sluicectl_print_help();
			exit(EX_OK);
		case 'V':
			printf("sluicectl %s\n", SLUICE_VERSION);
			exit(EX_OK);
		case ':':
			fatal_exit(EX_USAGE, "%s needs a value; try: sluicectl --help",
				   argv[optind - 1]);
		default:
			fatal_exit(EX_USAGE, "unknown option %s; try: sluicectl --help",
				   argv[optind - 1]);
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
	sluicectl_parse_options(&ctl, argc, argv);
	argc -= optind;
	argv += optind;
	optind = 0; /* the verb's own options start from the front */
	if (strcmp(argv[0], "help") == 0) {
		if (argc > 1)
			print_verb_help(sluicectl_find_verb(argv[1]));
		else
			sluicectl_print_help();
		return EX_OK;
	}
	verb = sluicectl_find_verb(argv[0]);
	/* dlq has verbs of its own, each with its help */
	if (verb->handler != ctl_dlq && ctl_asks_for_help(argc, argv)) {
		print_verb_help(verb);
		return EX_OK;
	}
	exit_code = verb->handler(&ctl, argc, argv);
	ctl_disconnect(&ctl);
	free(ctl.read_socket);
	settings_free(&ctl.settings);
	/* Data that did not arrive is not ok, as when the disk behind a redirection is full. */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		log_error("cannot write to standard output");
		return exit_code != 0 ? exit_code : CTL_FAILED;
	}
	return exit_code;
}
