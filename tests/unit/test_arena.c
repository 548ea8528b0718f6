/* SPDX-License-Identifier: MIT */
/*
 * test_arena.c - memory that is given out piece by piece and freed at once.
 */
#include "common/base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdalign.h>
#include <string.h>

/* Pieces of all sizes are aligned, and none reaches into another. */
static void
test_pieces(void **state)
{
	enum { PIECES = 2000 };
	struct arena arena = {0};
	unsigned char *pieces[PIECES];

	(void)state;
	for (size_t i = 0; i < PIECES; i++) {
		pieces[i] = arena_alloc(&arena, i);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
		memset(pieces[i], (int)(i % 251), i);
	}
	for (size_t i = 0; i < PIECES; i++)
		for (size_t byte = 0; byte < i; byte++)
			assert_int_equal(pieces[i][byte], i % 251);
	arena_clear(&arena);
	assert_null(arena.blocks);
}

static void
test_copies(void **state)
{
	struct arena arena = {0};
	char *copy = arena_copy(&arena, "a\0b rest", 3), *empty = arena_copy(&arena, "", 0);

	(void)state;
	assert_memory_equal(copy, "a\0b", 4);
	assert_string_equal(empty, "");
	arena_clear(&arena);
}

/* After a reset the usual block is used once more; a larger one is given back. */
static void
test_reset(void **state)
{
	struct arena arena = {0};
	void *first = arena_alloc(&arena, 10);

	(void)state;
	(void)arena_alloc(&arena, 10);
	arena_reset(&arena);
	assert_ptr_equal(arena_alloc(&arena, 10), first);
	memset(arena_alloc(&arena, 1 << 20), 'x', 1 << 20);
	memset(arena_alloc(&arena, 1 << 20), 'x', 1 << 20);
	arena_reset(&arena);
	assert_ptr_equal(arena_alloc(&arena, 10), first);
	arena_clear(&arena);

	/* nothing but a large block: none is left */
	memset(arena_alloc(&arena, 1 << 20), 'x', 1 << 20);
	arena_reset(&arena);
	assert_null(arena.blocks);
	arena_reset(&arena);
	arena_clear(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_reset),
	};

	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
