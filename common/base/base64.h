/* SPDX-License-Identifier: MIT */
/*
 * base64.h - bytes as text (RFC 4648, with padding) and back.
 */
#ifndef COMMON_BASE_BASE64_H
#define COMMON_BASE_BASE64_H

#include "common/base/defs.h"
#include "common/base/span.h"

/* In new memory, ended by NUL. */
char *base64_encode(struct span bytes);

/* In new memory, *len bytes and a NUL behind them; NULL when the text is not base64. */
char *base64_decode(const char *text, size_t *len) MUST_CHECK;

#endif
