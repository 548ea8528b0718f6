/* SPDX-License-Identifier: MIT */
/*
 * packed.h - files that a packer made (gzip, zstd, zip, ...): told by their first bytes, expected
 * by their names. Pure: bytes and names in.
 *
 * What the first bytes say counts. A name alone says only that a file may become one: a packer
 * makes the file first and writes to it later.
 */
#ifndef COMMON_BASE_PACKED_H
#define COMMON_BASE_PACKED_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/defs.h"

/* So many of a file's first bytes settle what it is. */
enum { PACKED_START = 4096 };

/* The packer whose files have such a name ("gzip" for "access.log.1.gz"), or NULL. */
const char *packed_by_name(const char *path);

/* The packer whose files begin with these bytes, or NULL: also when there are too few to tell. */
const char *packed_by_content(const char *start, size_t len);

/*
 * Both: the packer of a file with that name and these first bytes (up to PACKED_START of them), or
 * NULL: it holds lines. A file with a packer's name is a log all the same when it begins with a
 * complete line of text; until then, and while it is empty, it is taken for what its name says (and
 * always, where the packer's files begin with no certain bytes).
 */
const char *packed_by(const char *path, const char *start, size_t len);

#endif
