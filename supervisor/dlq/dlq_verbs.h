/* SPDX-License-Identifier: MIT */
/*
 * dlq_verbs.h - the table of the verbs of `sluicectl dlq`.
 */
#ifndef SUPERVISOR_DLQ_DLQ_VERBS_H
#define SUPERVISOR_DLQ_DLQ_VERBS_H

#include "supervisor/cli/verbs.h"

extern const struct verb dlq_verbs[];

#endif
