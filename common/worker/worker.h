/* SPDX-License-Identifier: MIT */
/*
 * worker.h - the skeleton of a worker: connect, consume, batch, store, acknowledge, drain live here,
 * once.
 *
 * A role is a struct worker_ops; its main() is one call of worker_main(). What a worker promises:
 *   - a message is acknowledged after the commit of its rows, and after the broker has confirmed
 *     the dead letters of its rejected lines; never on any doubt;
 *   - a batch is written when it is full, old, when the prefetch window is used up, or when nothing
 *     more is waiting;
 *   - broker or database away: it stays, says so once a minute, and goes on afterwards.
 */
#ifndef COMMON_WORKER_WORKER_H
#define COMMON_WORKER_WORKER_H

#include "common/worker/batch.h"
#include "common/settings/settings.h"
#include "common/settings/stage.h"

struct worker_ops {
	enum stage_id stage;
	const char *purpose; /* one sentence for --help */
	const struct table *table;
	/* The role's own state for fill; opened once, before the first line. May return NULL. */
	void *(*open)(const struct settings *settings);
	void (*close)(void *state);
	fill_row_fn *fill;
	compare_rows_fn *compare;
};

/* Run until told to stop; returns the exit code (sysexits.h). */
int worker_main(int argc, char **argv, const struct worker_ops *ops);

#endif
