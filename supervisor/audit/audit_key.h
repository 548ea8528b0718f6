/* SPDX-License-Identifier: MIT */
/*
 * audit_key.h - what makes a line that line, for sorting and comparing as bytes.
 */
#ifndef SUPERVISOR_AUDIT_AUDIT_KEY_H
#define SUPERVISOR_AUDIT_AUDIT_KEY_H

#include <stdint.h>

#include "common/database/table.h"

struct audit_key {
	unsigned char digest[ROW_ID_LEN / 2]; /* MD5 */
	uint64_t place; /* 0; the origin with identity = position; offset + 1 of a line too long */
};

/* hex: ROW_ID_LEN digits in lower case. */
struct audit_key audit_key_make(const char *hex, uint64_t place);

#endif
