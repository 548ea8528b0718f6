/* SPDX-License-Identifier: MIT */
/*
 * watch.c - show it once more every few seconds.
 */
#include "supervisor/cli/watch.h"
#include "supervisor/cli/verbs.h"

#include <stdio.h>
#include <unistd.h>

const struct option_row watch_option = {.name = "watch",
					.value = "2s",
					.help = "show it once more every so often, until Ctrl-C",
					.kind = OPTION_DURATION,
					.min = 100,
					.implied = 2000};

int
watch_repeat(int64_t interval_ms, int (*show)(void *context), void *context)
{
	bool terminal = isatty(STDOUT_FILENO);

	if (interval_ms == 0)
		return show(context);
	for (;;) {
		int exit_code;

		if (terminal)
			printf("\033[H\033[2J");
		exit_code = show(context);
		if (exit_code > CTL_FAILED)
			return exit_code;
		if (fflush(stdout) != 0)
			return CTL_FAILED;
		if (!terminal)
			printf("\n");
		usleep((useconds_t)interval_ms * 1000);
	}
}
