/* SPDX-License-Identifier: MIT */
/*
 * stage_ops.h - what the workers of each stage do with a line, for the tools that do the same.
 */
#ifndef SUPERVISOR_CLI_STAGE_OPS_H
#define SUPERVISOR_CLI_STAGE_OPS_H

#include "common/worker/worker.h"

extern const struct worker_ops *const stage_ops[STAGE_COUNT];

#endif
