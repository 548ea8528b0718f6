/* SPDX-License-Identifier: MIT */
/*
 * sluiced.c - the supervisor: options, then main_loop.c does the work.
 */
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "supervisor/daemon/commands.h"
#include "supervisor/daemon/main_loop.h"
#include "supervisor/daemon/program.h"
#include "common/settings/settings_load.h"
#include "common/settings/settings_print.h"
#include "common/settings/settings_files.h"
#include "common/settings/settings_template.h"
#include "common/settings/settings_manual.h"
#include "supervisor/daemon/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { OPTION_TEMPLATE = 256, OPTION_MANUAL };

enum mode { MODE_RUN, MODE_TEST, MODE_PRINT };

static void
sluiced_print_help(void)
{
	printf("usage: sluiced [-c FILE] [-t | -T | --template]\n\n"
	       "Start the producer and the lake and clean workers of Sluice, keep them running, "
	       "and answer\n"
	       "sluicectl. It stays in the foreground and logs to standard error.\n\n"
	       "  -c FILE        settings file (default %s)\n"
	       "  -t             check the settings and the files they name, and exit\n"
	       "  -T             check the settings, print each with its origin, and exit\n"
	       "  --man-settings print sluice.conf(5), and exit\n"
	       "  --template     print a commented settings file with all defaults, and exit\n"
	       "  -h, --help     print this\n"
	       "  -V, --version\n\n"
	       "TERM, INT  every child finishes what it has in hand, then sluiced exits; a second "
	       "one: at once\n"
	       "QUIT       exit at once; what was in hand is delivered again later\n"
	       "HUP        read the settings again; restart only whom a change concerns\n"
	       "USR1       log how every child is\n\n"
	       "Exit codes: 0 ended as asked, 64 wrong options, 69 another sluiced is running, 71 "
	       "the system\n"
	       "refused something, 73 a folder, the lock or the socket cannot be made, 78 settings "
	       "not accepted.\n",
	       settings_default_path);
}

static const char *
sluiced_parse_options(int argc, char **argv, enum mode *mode)
{
	static const struct option long_options[] = {
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{"template", no_argument, NULL, OPTION_TEMPLATE},
		{"man-settings", no_argument, NULL, OPTION_MANUAL},
		{NULL, 0, NULL, 0},
	};
	const char *path = settings_default_path;
	int option;

	*mode = MODE_RUN;
	while ((option = getopt_long(argc, argv, "c:tThV", long_options, NULL)) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 't':
			*mode = MODE_TEST;
			break;
		case 'T':
			*mode = MODE_PRINT;
			break;
		case OPTION_TEMPLATE:
			settings_template_print(stdout);
			exit(EX_OK);
		case OPTION_MANUAL:
			settings_manual_print(stdout);
			exit(EX_OK);
		case 'h':
			sluiced_print_help();
			exit(EX_OK);
		case 'V':
			printf("sluiced %s\n", SLUICE_VERSION);
			exit(EX_OK);
		default: /* getopt has said what is wrong */
			fprintf(stderr, "try: sluiced --help\n");
			exit(EX_USAGE);
		}
	}
	if (optind < argc)
		fatal_exit(EX_USAGE, "unexpected argument \"%s\"; try: sluiced --help",
			   argv[optind]);
	return path;
}

/*
 * Standard input is not ours, and children must not read it either. A closed standard output or
 * error would later be some socket or page that a stray message spoils.
 */
static void
secure_standard_descriptors(void)
{
	int null = open("/dev/null", O_RDWR);

	while (null >= 0 && null < STDERR_FILENO)
		null = dup(null);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0)
		fatal("cannot open /dev/null: %s", strerror(errno));
	if (null > STDERR_FILENO)
		close(null);
}

/*
 * sluicectl makes the same checks and more: how many files each input names, and which share of
 * their first lines its format takes, which nothing here can tell. Comes back when it cannot be run.
 */
static void
check_by_sluicectl(const char *path)
{
	char *folder = program_folder(), *program = program_find(folder, "sluicectl");

	fflush(stdout);
	execl(program, "sluicectl", "-c", path, "config", "check", (char *)NULL);
	fprintf(stderr, "sluiced: the inputs' lines were not tried: cannot run %s: %s\n", program,
		strerror(errno));
	free(program);
	free(folder);
}

int
main(int argc, char **argv)
{
	static struct supervisor supervisor;
	struct settings *settings;
	enum mode mode;
	const char *path;

	log_set_program("sluiced");
	path = sluiced_parse_options(argc, argv, &mode);
	if (mode == MODE_TEST)
		check_by_sluicectl(path);
	if (settings_load(path, &settings) != 0 || settings_check_inputs(settings) != 0)
		fatal_exit(EX_CONFIG, "settings %s: not accepted", path);
	if (mode == MODE_TEST && settings_files_check(settings) != 0)
		fatal_exit(EX_CONFIG, "settings %s: a password is missing", path);
	if (mode == MODE_PRINT)
		settings_print(settings, stdout);
	if (mode != MODE_RUN) {
		fprintf(stderr, "sluiced: settings %s: ok\n", path);
		settings_free(&settings);
		return EX_OK;
	}
	secure_standard_descriptors();
	log_open("sluiced", (enum log_level)settings->log.level,
		 (enum log_style)settings->log.format);
	supervisor_open(&supervisor, path, settings, commands_answer);
	main_loop_run(&supervisor);
	supervisor_close(&supervisor);
	return EX_OK;
}
