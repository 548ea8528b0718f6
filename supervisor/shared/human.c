/* SPDX-License-Identifier: MIT */
/*
 * human.c - durations and large numbers as people read them.
 */
#include "supervisor/shared/human.h"
#include "common/base/defs.h"

#include <inttypes.h>
#include <stdio.h>

const char *
human_duration(int64_t ms, char *out, size_t out_size)
{
	int64_t s = MAX(ms, 0) / 1000;

	if (s < 10)
		snprintf(out, out_size, "%.1fs", (double)MAX(ms, 0) / 1000);
	else if (s < 60)
		snprintf(out, out_size, "%" PRId64 "s", s);
	else if (s < 3600)
		snprintf(out, out_size, "%" PRId64 "m%02" PRId64 "s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(out, out_size, "%" PRId64 "h%02" PRId64 "m", s / 3600, s / 60 % 60);
	else
		snprintf(out, out_size, "%" PRId64 "d%02" PRId64 "h", s / 86400, s / 3600 % 24);
	return out;
}

const char *
human_count(uint64_t count, char *out, size_t out_size)
{
	static const char units[] = {'k', 'M', 'G', 'T', 'P', 'E'};
	double scaled = (double)count;
	size_t unit = 0;

	if (count < 10000) {
		snprintf(out, out_size, "%" PRIu64, count);
		return out;
	}
	scaled /= 1000;
	/* 999950 would print as 1000.0k. */
	while (scaled >= 999.95 && unit + 1 < sizeof(units)) {
		scaled /= 1000;
		unit++;
	}
	snprintf(out, out_size, "%.1f%c", scaled, units[unit]);
	return out;
}
