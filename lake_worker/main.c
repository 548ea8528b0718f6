/* SPDX-License-Identifier: MIT */
/*
 * main.c - sluice-lake-worker: every line as it came, into raw_log. The work is
 * common/worker/worker.c.
 */
#include "lake_worker/lake_worker.h"

int
main(int argc, char **argv)
{
	return worker_main(argc, argv, &lake_worker_ops);
}
