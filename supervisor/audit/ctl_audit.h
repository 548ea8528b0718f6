/* SPDX-License-Identifier: MIT */
/*
 * ctl_audit.h - `sluicectl audit`, the verb.
 */
#ifndef SUPERVISOR_AUDIT_CTL_AUDIT_H
#define SUPERVISOR_AUDIT_CTL_AUDIT_H

#include "supervisor/cli/verbs.h"

int ctl_audit(struct call *call);

#endif
