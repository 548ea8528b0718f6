/* SPDX-License-Identifier: MIT */
/*
 * stage_ops.c - one entry per stage.
 */
#include "supervisor/cli/stage_ops.h"
#include "clean_worker/clean_worker.h"
#include "lake_worker/lake_worker.h"

const struct worker_ops *const stage_ops[STAGE_COUNT] = {
	[STAGE_LAKE] = &lake_worker_ops,
	[STAGE_CLEAN] = &clean_worker_ops,
};
