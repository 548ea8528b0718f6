/* SPDX-License-Identifier: MIT */
/*
 * test_histogram.c - counting in fixed buckets.
 */
#include "common/process/histogram.h"
#include "common/base/defs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
test_histogram_buckets(void **state UNUSED)
{
	for (unsigned kind = 0; kind < HISTOGRAM_COUNT; kind++) {
		const int64_t *bounds_ms = histogram_bounds_ms((enum histogram_kind)kind);
		struct histogram histogram = {.sum_ms = 0};
		struct histogram_sum sum = {.sum_ms = 0};

		for (unsigned i = 0; i < HISTOGRAM_BOUNDS; i++) {
			assert_true(i == 0 || bounds_ms[i] > bounds_ms[i - 1]);
			histogram_add(&histogram, (enum histogram_kind)kind, bounds_ms[i]);
		}
		histogram_add(&histogram, (enum histogram_kind)kind, INT64_C(1) << 40);
		histogram_collect(&histogram, &sum);
		for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++)
			assert_int_equal(sum.counts[i], 1);
		histogram_collect(&histogram, &sum);
		assert_int_equal(histogram_total(&sum), 2 * (HISTOGRAM_BOUNDS + 1));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_histogram_buckets),
	};

	return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
