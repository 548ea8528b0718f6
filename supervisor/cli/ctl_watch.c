/* SPDX-License-Identifier: MIT */
/*
 * ctl_watch.c - the same again every few seconds, until interrupted.
 */
#include "supervisor/cli/ctl.h"

#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

enum { DEFAULT_MS = 2000 };

int
ctl_parse_watch(const char *verb, const char *text, int64_t *interval_ms)
{
	*interval_ms = DEFAULT_MS;
	if (text == NULL || (ctl_parse_duration(text, interval_ms) == 0 && *interval_ms >= 100))
		return 0;
	return ctl_usage(verb, "--watch=%s is no interval of 100ms or more, as 2s", text);
}

int
ctl_repeat(struct ctl *ctl, int64_t interval_ms, int (*show)(struct ctl *ctl, void *context),
	   void *context)
{
	bool terminal = isatty(STDOUT_FILENO);

	if (interval_ms == 0)
		return show(ctl, context);
	for (;;) {
		int exit_code;

		if (terminal)
			printf("\033[H\033[2J");
		exit_code = show(ctl, context);
		if (exit_code > CTL_FAILED) /* 1 is a finding, not a failure to look */
			return exit_code;
		if (fflush(stdout) != 0)
			return CTL_FAILED;
		if (!terminal)
			printf("\n");
		usleep((useconds_t)interval_ms * 1000);
	}
}
