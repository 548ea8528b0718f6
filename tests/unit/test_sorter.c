/* SPDX-License-Identifier: MIT */
/*
 * test_sorter.c - records come back in order, whether or not they fit into memory.
 */
#include "supervisor/audit/sorter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct record {
	unsigned char key[8];
	uint32_t value;
};

static uint64_t
next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 20;
}

/* The sums of what went in and came out are equal, and the order is right. */
static void
round_trip(size_t count, size_t memory_bytes, uint64_t keys)
{
	struct sorter *sorter = sorter_new(sizeof(struct record), 8, memory_bytes);
	uint64_t state = count + 1, sum_in = 0, sum_out = 0;
	unsigned char last[8] = {0};
	const struct record *got;
	size_t out = 0;

	for (size_t i = 0; i < count; i++) {
		struct record record = {.value = (uint32_t)next_random(&state)};
		uint64_t key = next_random(&state) % keys;

		for (int byte = 0; byte < 8; byte++)
			record.key[byte] = (unsigned char)(key >> (56 - 8 * byte));
		sum_in += (uint64_t)record.value * (key + 1);
		sorter_add(sorter, &record);
	}
	while ((got = sorter_next(sorter)) != NULL) {
		uint64_t key = 0;

		for (int byte = 0; byte < 8; byte++)
			key = key << 8 | got->key[byte];
		assert_true(memcmp(last, got->key, 8) <= 0);
		memcpy(last, got->key, 8);
		sum_out += (uint64_t)got->value * (key + 1);
		out++;
	}
	assert_int_equal(out, count);
	assert_true(sum_in == sum_out);
	assert_null(sorter_next(sorter));
	sorter_free(&sorter);
	assert_null(sorter);
}

static void
test_in_memory(void **state)
{
	(void)state;
	round_trip(0, 1 << 20, 10);
	round_trip(1, 1 << 20, 10);
	round_trip(5000, 1 << 20, 1000000);
}

static void
test_on_disk(void **state)
{
	(void)state;
	round_trip(100000, 12 * 4096, 1u << 30);
	round_trip(8192, 12 * 4096, 50); /* exactly two runs, many equal keys */
	round_trip(8193, 12 * 4096, 50);
}

/* More runs than the memory has room for. */
static void
test_many_runs(void **state)
{
	(void)state;
	round_trip(64 * 200 + 7, 1, 1u << 30);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_memory),
		cmocka_unit_test(test_on_disk),
		cmocka_unit_test(test_many_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
