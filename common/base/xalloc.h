/* SPDX-License-Identifier: MIT */
/*
 * xalloc.h - memory or death: allocation failure ends the process in one place.
 *
 * A process of Sluice that is out of memory has nothing better to do than to end: what it had in
 * hand is unacknowledged, and the supervisor starts another one.
 */
#ifndef COMMON_BASE_XALLOC_H
#define COMMON_BASE_XALLOC_H

#include <stddef.h>

#include "common/base/defs.h"

/* Zeroed memory for count objects of size bytes; never NULL. Free with free(). */
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

/* Resize to count * size bytes (new bytes are not zeroed); never NULL. */
void *xreallocarray(void *old, size_t count, size_t size) __attribute__((returns_nonnull));

/* A copy of the text, ended by NUL; never NULL. */
char *xstrdup(const char *text) __attribute__((malloc, returns_nonnull));
char *xstrndup(const char *bytes, size_t len) __attribute__((malloc, returns_nonnull));

/* Formatted text in new memory; never NULL. */
char *xasprintf(const char *format, ...) PRINTF_LIKE(1, 2) __attribute__((returns_nonnull));

#endif
