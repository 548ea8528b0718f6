/* SPDX-License-Identifier: MIT */
/*
 * clean_worker.c - the callbacks of the clean stage, for the skeleton in common/worker/worker.c.
 */
#include "clean_worker/clean_worker.h"
#include "clean_worker/clean_row.h"

const struct worker_ops clean_worker_ops = {
	.stage = STAGE_CLEAN,
	.purpose = "Parse every line, store its fields in clean_log.",
	.table = &clean_log_table,
	.open = clean_state_new,
	.close = clean_state_free,
	.fill = clean_row_fill,
	.compare = clean_row_compare,
};
