/* SPDX-License-Identifier: MIT */
/*
 * main_loop.h - the main loop of sluiced.
 */
#ifndef SUPERVISOR_DAEMON_MAIN_LOOP_H
#define SUPERVISOR_DAEMON_MAIN_LOOP_H

#include "supervisor/daemon/supervisor.h"

/* Start the children and look after them until sluiced is told to end and they are gone. */
void main_loop_run(struct supervisor *supervisor);

#endif
