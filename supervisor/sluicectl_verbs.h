/* SPDX-License-Identifier: MIT */
/*
 * sluicectl_verbs.h - the table of verbs.
 */
#ifndef SUPERVISOR_SLUICECTL_VERBS_H
#define SUPERVISOR_SLUICECTL_VERBS_H

#include "supervisor/cli/verbs.h"

extern const struct verb sluicectl_verbs[];

#endif
