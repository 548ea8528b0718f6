/* SPDX-License-Identifier: MIT */
/*
 * clean_worker.h - the clean stage: how its lines become rows; for its program, and for sluicectl,
 * whose answers about a line must be those of the worker.
 */
#ifndef CLEAN_WORKER_CLEAN_WORKER_H
#define CLEAN_WORKER_CLEAN_WORKER_H

#include "common/worker/worker.h"

extern const struct worker_ops clean_worker_ops;

#endif
