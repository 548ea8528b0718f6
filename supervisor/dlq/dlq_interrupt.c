/* SPDX-License-Identifier: MIT */
/*
 * dlq_interrupt.c - note SIGINT and SIGTERM.
 */
#include "supervisor/dlq/dlq_interrupt.h"

#include <signal.h>

static volatile sig_atomic_t interrupted;

static void
note_interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

void
dlq_interrupt_catch(void)
{
	struct sigaction action = {.sa_handler = note_interrupt};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

bool
dlq_interrupt_seen(void)
{
	return interrupted != 0;
}
