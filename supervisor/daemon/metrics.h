/* SPDX-License-Identifier: MIT */
/*
 * metrics.h - all figures of this sluiced as Prometheus text (exposition format 0.0.4).
 *
 * Labels are bounded: role, queue, state and reason come from closed tables. Counters are kept in
 * the status pages, so they survive the death of a child and a reload; they begin at 0 with a new
 * sluiced, which Prometheus takes as what it is, a restart.
 */
#ifndef SUPERVISOR_DAEMON_METRICS_H
#define SUPERVISOR_DAEMON_METRICS_H

#include <stdio.h>

#include "supervisor/daemon/supervisor.h"

void metrics_print(const struct supervisor *supervisor, FILE *out);

#endif
