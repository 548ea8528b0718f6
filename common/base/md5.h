/* SPDX-License-Identifier: MIT */
/*
 * md5.h - MD5 (RFC 1321) as the id of a line, by libcrypto; never for security.
 */
#ifndef COMMON_BASE_MD5_H
#define COMMON_BASE_MD5_H

#include "common/base/span.h"

enum { MD5_HEX_LEN = 32 };

struct md5;

/* A reusable context; never NULL: ends the process when libcrypto has no MD5 at all. */
struct md5 *md5_new(void);

/* Free and set to NULL; NULL is fine. */
void md5_free(struct md5 **md5);

/* The digest of the bytes as MD5_HEX_LEN lower-case hex digits, without a NUL. */
void md5_hex(struct md5 *md5, struct span bytes, char out[MD5_HEX_LEN]);

#endif
