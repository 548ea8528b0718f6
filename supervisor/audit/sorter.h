/* SPDX-License-Identifier: MIT */
/*
 * sorter.h - sort any number of records of one size in bounded memory: runs on disk, then a merge.
 *
 * The files are in TMPDIR (else /var/tmp), have no name and are gone with the process. A disk that
 * is full ends the program with a message.
 */
#ifndef SUPERVISOR_AUDIT_SORTER_H
#define SUPERVISOR_AUDIT_SORTER_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/defs.h"

struct sorter;

/* Records are ordered by memcmp(3) of their first key_size bytes. */
struct sorter *sorter_new(size_t record_size, size_t key_size, size_t memory_bytes);
void sorter_free(struct sorter **sorter); /* NULL is fine */

/* Add a copy; not after sorter_next(). */
void sorter_add(struct sorter *sorter, const void *record);

/* The next record in order, valid until the next call; NULL after the last one. */
const void *sorter_next(struct sorter *sorter);

#endif
