/* SPDX-License-Identifier: MIT */
/*
 * pattern.h - why a pattern of files matches nothing.
 */
#ifndef COMMON_BASE_PATTERN_H
#define COMMON_BASE_PATTERN_H

#include "common/base/defs.h"

/*
 * 0 and *where NULL when there is just no such file; else the errno of what stands in the way, with
 * its path in new memory: the folder that the pattern starts from, or the path itself.
 */
int pattern_obstacle(const char *pattern, char **where) MUST_CHECK;

#endif
