/* SPDX-License-Identifier: MIT */
/*
 * origin.h - the place of a line as one number: column `origin` with identity = position.
 */
#ifndef COMMON_MESSAGE_ORIGIN_H
#define COMMON_MESSAGE_ORIGIN_H

#include <stdint.h>

#include "common/base/span.h"

/*
 * Hash of file and offset of the line's first byte. The same place gives the same number at every
 * reading. Stored in tables: never change this. 0 without a place (no file_id, offset < 0).
 */
uint64_t origin_of(struct span file_id, int64_t offset);

#endif
