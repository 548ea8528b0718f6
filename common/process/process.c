/* SPDX-License-Identifier: MIT */
/*
 * process.c - options, signals, the bond to the supervisor, waiting.
 */
#include "common/process/process.h"
#include "common/base/clock.h"
#include "common/base/fault.h"
#include "common/base/log.h"
#include "common/process/handover.h"
#include "common/settings/settings_load.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

enum { OPTION_ONCE = 256, OPTION_SLOT, OPTION_TAKE_UNFINISHED };

struct options {
	const char *settings_path;
	const char *slot; /* as handover_format_slot() wrote it */
	bool once, take_unfinished;
};

static void
process_print_help(const struct process_description *d)
{
	printf("usage: %s [-c FILE]%s\n\n%s\n\n"
	       "  -c FILE     settings file (default %s)\n"
	       "%s  -h, --help  print this\n"
	       "  -V, --version\n\n"
	       "It runs in the foreground and logs to standard error; sluiced starts it as "
	       "needed.\n"
	       "TERM or INT: finish what is in hand, then exit; a second one or QUIT: exit at "
	       "once.\n",
	       d->program, d->has_once ? " [--once [--take-unfinished]]" : "", d->purpose,
	       settings_default_path,
	       d->has_once
		       ? "  --once      read the inputs to their end, wait for every confirm, "
			 "exit\n"
			 "  --take-unfinished\n"
			 "              with --once: also take a last line that has no line end "
			 "yet; else\n"
			 "              it is left for the next run\n"
		       : "");
}

static struct options
process_parse_options(const struct process_description *d, int argc, char **argv)
{
	static const struct option long_options[] = {
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{"once", no_argument, NULL, OPTION_ONCE},
		{"take-unfinished", no_argument, NULL, OPTION_TAKE_UNFINISHED},
		{HANDOVER_SLOT_OPTION, required_argument, NULL, OPTION_SLOT},
		{NULL, 0, NULL, 0},
	};
	struct options options = {.settings_path = settings_default_path};
	int option;

	while ((option = getopt_long(argc, argv, "c:hV", long_options, NULL)) != -1) {
		switch (option) {
		case 'c':
			options.settings_path = optarg;
			break;
		case 'h':
			process_print_help(d);
			exit(EX_OK);
		case 'V':
			printf("%s %s\n", d->program, SLUICE_VERSION);
			exit(EX_OK);
		case OPTION_SLOT:
			options.slot = optarg;
			break;
		case OPTION_ONCE:
			if (!d->has_once)
				fatal_exit(EX_USAGE, "--once is for sluice-producer");
			options.once = true;
			break;
		case OPTION_TAKE_UNFINISHED:
			options.take_unfinished = true;
			break;
		default: /* getopt has said what is wrong */
			fprintf(stderr, "try: %s --help\n", d->program);
			exit(EX_USAGE);
		}
	}
	if (optind < argc)
		fatal_exit(EX_USAGE, "unexpected argument \"%s\"; try: %s --help", argv[optind],
			   d->program);
	if (options.take_unfinished && !options.once)
		fatal_exit(EX_USAGE, "--take-unfinished goes with sluice-producer --once: while it "
				     "follows files, a line is taken when its end comes");
	return options;
}

static int
process_open_signal_fd(void)
{
	sigset_t signals;
	int fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGQUIT);
	sigaddset(&signals, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0)
		fatal("cannot block signals: %s", strerror(errno));
	signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		fatal("cannot open a signalfd: %s", strerror(errno));
	return fd;
}

/*
 * The pipe tells that the supervisor is gone, and the process drains. One that hangs would not look
 * at its pipe and stay for ever; so the kernel sends USR2 (handover.h), and the alarm that it sets
 * ends the process when draining has failed.
 */
enum { ORPHAN_GRACE_S = 10 };
static volatile unsigned orphan_alarm_s = ORPHAN_GRACE_S;

static void
orphan_set_alarm(int number UNUSED)
{
	alarm(orphan_alarm_s);
}

static void
orphan_guard(void)
{
	struct sigaction action = {.sa_handler = orphan_set_alarm, .sa_flags = SA_RESTART};

	sigemptyset(&action.sa_mask);
	sigaction(SIGUSR2, &action, NULL);
}

static void
process_join_supervisor(struct process *process, const char *slot)
{
	unsigned number;

	_Static_assert(sizeof(process->name) >= HANDOVER_SLOT_MAX, "a slot's name fits");
	if (handover_parse_slot(slot, &number, process->name) != 0)
		fatal_exit(EX_USAGE, "--" HANDOVER_SLOT_OPTION " is for sluiced alone");
	process->status = status_attach(HANDOVER_STATUS_FD, number);
	if (process->status == NULL)
		fatal_exit(EX_USAGE,
			   "cannot use the supervisor's status page: %s (is sluiced of another "
			   "version?)",
			   strerror(errno));
	process->supervised = true;
	process->supervisor_fd = HANDOVER_LIFE_FD;
	handover_take();
	orphan_guard();
}

/* Under the supervisor the file may be half edited: what it has accepted counts. */
static void
process_load_settings(struct process *process, const char *path)
{
	const char *copy = process->supervised ? handover_settings_path() : path;

	if (settings_load_copy(copy, path, &process->settings) != 0)
		fatal_exit(EX_CONFIG, "settings not accepted: nothing was started");
	if (process->supervised)
		close(HANDOVER_SETTINGS_FD);
	orphan_alarm_s = (unsigned)process->settings->supervisor.drain_s + ORPHAN_GRACE_S;
}

/* Why it ends, for whoever looks at the page: what was logged last, unless the page says it already. */
static struct status_page *exit_page; /* NULL until there is one */

static void
process_note_exit(int exit_code, void *context UNUSED)
{
	struct status_page *page = exit_page;
	char text[STATUS_TEXT_MAX];

	if (exit_code == EX_OK || page == NULL)
		return;
	status_read_text(&page->last_error, text, sizeof(text));
	if (text[0] == '\0')
		status_set_error(page, log_last_error());
}

void
process_start(struct process *process, const struct process_description *description, int argc,
	      char **argv)
{
	struct options options;

	log_set_program(description->program);
	exit_page = NULL;
	on_exit(process_note_exit, NULL);
	options = process_parse_options(description, argc, argv);
	*process = (struct process){.once = options.once,
				    .take_unfinished = options.take_unfinished,
				    .supervisor_fd = -1};
	snprintf(process->name, sizeof(process->name), "%s", description->role);
	if (options.slot != NULL)
		process_join_supervisor(process, options.slot);
	else
		process->status = status_private();
	FAULT_ROLE(process->name);
	status_set_report(process->status, REPORT_STARTING);
	status_set_error(process->status, "");
	exit_page = process->status;
	status_beat(process->status);
	process_load_settings(process, options.settings_path);
	process->signal_fd = process_open_signal_fd();
	log_open(process->name, (enum log_level)process->settings->log.level,
		 (enum log_style)process->settings->log.format);
}

static void
process_read_signals(struct process *process)
{
	struct signalfd_siginfo info;

	while (read(process->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			continue;
		if (process->stop || info.ssi_signo == SIGQUIT)
			process->stop_now = true;
		process->stop = true;
	}
}

/* About the log: what nobody reads is counted where sluiced sees it. */
static void
process_tick_log(struct process *process)
{
	uint64_t dropped;

	log_tick();
	dropped = log_dropped();
	if (dropped == process->log_dropped)
		return;
	status_add(process->status, COUNTER_LOG_DROPPED, dropped - process->log_dropped);
	process->log_dropped = dropped;
}

void
process_wait(struct process *process, struct pollfd *fds, size_t count, int64_t timeout_ms)
{
	struct pollfd all[8];
	nfds_t used = 0;
	uint32_t line;
	int ready;

	assert(count + 2 <= ARRAY_LEN(all));
	process_tick_log(process);
	status_beat(process->status);
	all[used++] = (struct pollfd){.fd = process->signal_fd, .events = POLLIN};
	all[used++] = (struct pollfd){.fd = process->supervisor_fd, .events = POLLIN};
	for (size_t i = 0; i < count; i++)
		all[used++] = fds[i];
	/* Who dies while waiting did not die of the line that it has in hand. */
	line = atomic_exchange(&process->status->in_hand_line, SUSPECT_LINE_NONE);
	ready = poll(all, used, (int)MAX(0, MIN(timeout_ms, 1000)));
	for (size_t i = 0; i < count; i++)
		fds[i].revents = ready > 0 ? all[i + 2].revents : 0;
	status_set_line(process->status, line);
	status_beat(process->status);
	if (ready <= 0)
		return;
	if (all[0].revents != 0)
		process_read_signals(process);
	if (all[1].revents != 0) {
		log_warning("the supervisor is gone: finishing what is in hand");
		process->supervisor_fd = -1;
		process->stop = true;
	}
}

void
process_pause(struct process *process, int64_t timeout_ms, int fd, bool (*idle)(void *context),
	      void *context)
{
	int64_t end_ms = clock_mono_ms() + timeout_ms;

	while (!process->stop && clock_mono_ms() < end_ms) {
		struct pollfd watched = {.fd = fd, .events = POLLIN};

		process_wait(process, &watched, 1, end_ms - clock_mono_ms());
		if (idle != NULL && !idle(context))
			return;
	}
}
