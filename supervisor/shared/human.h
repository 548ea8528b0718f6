/* SPDX-License-Identifier: MIT */
/*
 * human.h - durations and large numbers as people read them; for the log of sluiced and the tables
 * of sluicectl.
 */
#ifndef SUPERVISOR_SHARED_HUMAN_H
#define SUPERVISOR_SHARED_HUMAN_H

#include <stddef.h>
#include <stdint.h>

/* "0.4s", "12s", "5m03s", "2h03m", "2d03h"; returns out. */
const char *human_duration(int64_t ms, char *out, size_t out_size);

/* "0", "9999", "71.2k", "35.6M", "1.2G"; returns out. */
const char *human_count(uint64_t count, char *out, size_t out_size);

#endif
