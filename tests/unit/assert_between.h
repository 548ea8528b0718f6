/* SPDX-License-Identifier: MIT */
/*
 * assert_between.h - that a number is not below low and not above high. cmocka's own assert_in_range is
 * deprecated since 2.0, and what 2.0 has in its place is not in 1.1.
 */
#ifndef TESTS_UNIT_ASSERT_BETWEEN_H
#define TESTS_UNIT_ASSERT_BETWEEN_H

#define assert_between(value, low, high)                                                        \
	do {                                                                                    \
		long long value_ = (long long)(value), low_ = (long long)(low);                 \
		long long high_ = (long long)(high);                                            \
                                                                                                \
		if (value_ < low_ || value_ > high_)                                            \
			fail_msg("%s is %lld, not between %lld and %lld", #value, value_, low_, \
				 high_);                                                        \
	} while (0)

#endif
