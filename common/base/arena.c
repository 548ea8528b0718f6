/* SPDX-License-Identifier: MIT */
/*
 * arena.c - memory that lives as long as a batch.
 */
#include "common/base/arena.h"
#include "common/base/defs.h"
#include "common/base/xalloc.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 64 << 10 };

struct arena_block {
	struct arena_block *older;
	size_t size;
	alignas(max_align_t) char bytes[];
};

static void
add_block(struct arena *arena, size_t size)
{
	struct arena_block *block = xcalloc(1, sizeof(*block) + size);

	block->older = arena->blocks;
	block->size = size;
	arena->blocks = block;
	arena->used = 0;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	size_t rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	void *memory;

	if (arena->blocks == NULL || arena->blocks->size - arena->used < rounded)
		add_block(arena, MAX(rounded, (size_t)BLOCK_SIZE));
	memory = arena->blocks->bytes + arena->used;
	arena->used += rounded;
	return memory;
}

char *
arena_copy(struct arena *arena, const char *bytes, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);

	memcpy(copy, bytes, len);
	copy[len] = '\0';
	return copy;
}

void
arena_reset(struct arena *arena)
{
	while (arena->blocks != NULL &&
	       (arena->blocks->older != NULL || arena->blocks->size > BLOCK_SIZE)) {
		struct arena_block *older = arena->blocks->older;

		free(arena->blocks);
		arena->blocks = older;
	}
	arena->used = 0;
}

void
arena_clear(struct arena *arena)
{
	arena_reset(arena);
	free(arena->blocks);
	arena->blocks = NULL;
}
