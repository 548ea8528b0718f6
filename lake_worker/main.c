/* SPDX-License-Identifier: MIT */
/*
 * main.c - sluice-lake-worker: every line as it came, into raw_log. The work is common/worker/worker.c.
 */
#include "common/broker/topology.h"
#include "common/worker/worker.h"
#include "lake_worker/raw_row.h"

static const struct worker_settings *
lake_settings(const struct settings *settings)
{
	return &settings->lake;
}

int
main(int argc, char **argv)
{
	static const struct worker_ops ops = {
		.role = "lake",
		.program = "sluice-lake-worker",
		.purpose =
			"Store every line of queue " TOPOLOGY_LAKE_QUEUE " as it came in raw_log.",
		.queue = TOPOLOGY_LAKE_QUEUE,
		.table = &raw_log_table,
		.settings = lake_settings,
		.fill = raw_row_fill,
		.compare = raw_row_compare,
	};

	return worker_main(argc, argv, &ops);
}
