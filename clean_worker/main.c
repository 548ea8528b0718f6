/* SPDX-License-Identifier: MIT */
/*
 * main.c - sluice-clean-worker: every line parsed and transformed, into clean_log. The work is
 * common/worker/worker.c.
 */
#include "clean_worker/clean_row.h"
#include "common/broker/topology.h"
#include "common/worker/worker.h"

static const struct worker_settings *
clean_settings(const struct settings *settings)
{
	return &settings->clean;
}

int
main(int argc, char **argv)
{
	static const struct worker_ops ops = {
		.role = "clean",
		.program = "sluice-clean-worker",
		.purpose = "Parse every line of queue " TOPOLOGY_CLEAN_QUEUE
			   ", store its fields in clean_log.",
		.queue = TOPOLOGY_CLEAN_QUEUE,
		.table = &clean_log_table,
		.settings = clean_settings,
		.open = clean_state_new,
		.close = clean_state_free,
		.fill = clean_row_fill,
		.compare = clean_row_compare,
	};

	return worker_main(argc, argv, &ops);
}
