/* SPDX-License-Identifier: MIT */
/*
 * fake_time.h - time that passes only while somebody waits: clock_gettime(2) and poll(2), replaced
 * at link time. So process_wait() and everything above it run as they are, and nothing sleeps.
 *
 * Before fake_time_start() both are the real ones.
 */
#ifndef TESTS_FAKES_FAKE_TIME_H
#define TESTS_FAKES_FAKE_TIME_H

#include <stdbool.h>
#include <stdint.h>

/*
 * From now on poll(2) returns at once: with what is ready, or after its timeout of made-up time.
 * When more than limit_ms of it have passed in all, the test hangs, and is ended by abort().
 */
void fake_time_start(int64_t limit_ms);
void fake_time_stop(void);

/* Made-up milliseconds since the start. */
int64_t fake_time_passed_ms(void);
void fake_time_advance(int64_t ms);

/*
 * Called at each poll(2), before anything else: the test's chance to let things happen. wait counts
 * from 1 since the start. NULL for none.
 */
typedef void fake_time_wait_fn(void *context, unsigned wait);
void fake_time_on_wait(fake_time_wait_fn *function, void *context);

/* Descriptors from this one on are made up; is_ready says whether there is something to read. */
enum { FAKE_TIME_FD = 1 << 20 };
void fake_time_set_ready(bool (*is_ready)(int fd));

#endif
