/* SPDX-License-Identifier: MIT */
/*
 * main.c - sluice-clean-worker: every line parsed and transformed, into clean_log. The work is
 * common/worker/worker.c.
 */
#include "clean_worker/clean_worker.h"

int
main(int argc, char **argv)
{
	return worker_main(argc, argv, &clean_worker_ops);
}
