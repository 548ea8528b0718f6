/* SPDX-License-Identifier: MIT */
/*
 * lake_worker.c - the callbacks of the lake stage, for the skeleton in common/worker/worker.c.
 */
#include "lake_worker/lake_worker.h"
#include "lake_worker/raw_row.h"

const struct worker_ops lake_worker_ops = {
	.stage = STAGE_LAKE,
	.purpose = "Store every line as it came in raw_log.",
	.table = &raw_log_table,
	.fill = raw_row_fill,
	.compare = raw_row_compare,
};
