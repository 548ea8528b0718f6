/* SPDX-License-Identifier: MIT */
/*
 * sluicectl.c - the command line: global options, help, dispatch. The verbs are in sluicectl_verbs.c.
 */
#include "common/base/log.h"
#include "supervisor/shared/request.h"
#include "supervisor/sluicectl_verbs.h"

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
	       settings_default_path);
	verbs_print_overview(sluicectl_verbs, stdout);
	printf("\nExit codes: 0 ok, 1 failed, 3 partly done, 64 wrong usage, 65 no such thing, 66 "
	       "no such file,\n"
	       "69 not reachable, 75 not done in time, 77 no permission, 78 settings not accepted.\n");
}

static void
sluicectl_parse_options(struct client *client, int argc, char **argv)
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
			client->settings_path = optarg;
			break;
		case 's':
			client->socket_path = optarg;
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
	struct client client = {.settings_path = settings_default_path, .fd = -1};
	int exit_code;

	log_set_program("sluicectl");
	setlocale(LC_CTYPE, ""); /* widths of columns */
	request_init();
	sluicectl_parse_options(&client, argc, argv);
	argc -= optind;
	argv += optind;
	if (argc == 1 && strcmp(argv[0], "help") == 0) {
		sluicectl_print_help();
		return EX_OK;
	}
	exit_code = verbs_run(sluicectl_verbs, &client, argc, argv);
	client_close(&client);
	/* Data that did not arrive is not ok, as when the disk behind a redirection is full. */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		log_error("cannot write to standard output");
		return exit_code != 0 ? exit_code : CTL_FAILED;
	}
	return exit_code;
}
