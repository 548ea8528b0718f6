/* SPDX-License-Identifier: MIT */
/*
 * arena.h - memory that lives as long as a batch: given out by moving a mark, freed all at once.
 */
#ifndef COMMON_BASE_ARENA_H
#define COMMON_BASE_ARENA_H

#include <stddef.h>

struct arena {
	struct arena_block *blocks; /* the newest first */
	size_t used;		    /* of the newest */
};

/*
 * Start from {0}. Uninitialised bytes, aligned for anything; never NULL. Valid until the next
 * arena_reset() or arena_clear().
 */
void *arena_alloc(struct arena *arena, size_t size);

/* A copy, ended by NUL. */
char *arena_copy(struct arena *arena, const char *bytes, size_t len);

/* Free all that was given out; one block of the usual size stays for the next batch. */
void arena_reset(struct arena *arena);

/* Free all, that block too. */
void arena_clear(struct arena *arena);

#endif
