/* SPDX-License-Identifier: MIT */
/*
 * watch.h - `--watch`: show it once more every few seconds, until interrupted.
 */
#ifndef SUPERVISOR_CLI_WATCH_H
#define SUPERVISOR_CLI_WATCH_H

#include <stdint.h>

#include "supervisor/cli/options.h"

extern const struct option_row watch_option; /* --watch[=2s] */

/*
 * Call show every interval_ms until it returns more than CTL_FAILED (a finding is no failure to
 * look), on a terminal over a cleared screen. interval_ms 0: call it once. Returns what show
 * returned, or CTL_FAILED when standard output is gone.
 */
int watch_repeat(int64_t interval_ms, int (*show)(void *context), void *context);

#endif
