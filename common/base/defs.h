/* SPDX-License-Identifier: MIT */
/*
 * defs.h - attributes and small macros used everywhere.
 */
#ifndef COMMON_BASE_DEFS_H
#define COMMON_BASE_DEFS_H

#include <stddef.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* "%u line%s", count, PLURAL(count) */
#define PLURAL(count) ((count) == 1 ? "" : "s")

#define PRINTF_LIKE(format_index, first_arg) \
	__attribute__((format(printf, format_index, first_arg)))
#define NO_RETURN __attribute__((noreturn))
#define MUST_CHECK __attribute__((warn_unused_result))
#define UNUSED __attribute__((unused))

#endif
