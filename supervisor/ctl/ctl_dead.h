/* SPDX-License-Identifier: MIT */
/*
 * ctl_dead.h - the dead letters of a stage in a few words, for `status` and `top`.
 */
#ifndef SUPERVISOR_CTL_CTL_DEAD_H
#define SUPERVISOR_CTL_CTL_DEAD_H

#include <jansson.h>
#include <stddef.h>

#include "supervisor/ctl/ctl_judge.h"

enum { CTL_DEAD_TEXT = 200 };

/*
 * "16.2k wait, 1200 lines per minute (100 % of the last 5m00s), most for parse.no_match", "none", or
 * "unknown", of a role in the answer to `status`. FINE when there are none and none are made; CRITICAL
 * as sluiced judges it.
 */
enum ctl_severity ctl_dead_describe(const json_t *role, char out[CTL_DEAD_TEXT]);

#endif
