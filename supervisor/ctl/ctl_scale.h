/* SPDX-License-Identifier: MIT */
/*
 * ctl_scale.h - how people write how many children of a role they want.
 */
#ifndef SUPERVISOR_CTL_CTL_SCALE_H
#define SUPERVISOR_CTL_CTL_SCALE_H

#include "supervisor/shared/roles.h"

/* Read "lake=4". Returns 0, or -1 with the reason in error. */
int ctl_scale_parse(const char *text, enum role_id *role, int64_t *count, char *error,
		    size_t error_size) MUST_CHECK;

#endif
