/* SPDX-License-Identifier: MIT */
/*
 * lake_worker.h - the lake stage: how its lines become rows; for its program, and for sluicectl,
 * whose answers about a line must be those of the worker.
 */
#ifndef LAKE_WORKER_LAKE_WORKER_H
#define LAKE_WORKER_LAKE_WORKER_H

#include "common/worker/worker.h"

extern const struct worker_ops lake_worker_ops;

#endif
