/* SPDX-License-Identifier: MIT */
/*
 * fake_time.c - the clock and the one call that waits.
 */
#include "tests/fakes/fake_time.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { POLL_MAX = 64 };

static const int64_t MONOTONIC_START_MS = INT64_C(1000000);
static const int64_t REAL_START_MS = INT64_C(1700000000000);

static struct {
	bool is_on;
	int64_t passed_ms, limit_ms;
	unsigned waits;
	fake_time_wait_fn *on_wait;
	void *context;
	bool (*is_ready)(int fd);
} fake_time;

void
fake_time_start(int64_t limit_ms)
{
	fake_time.is_on = true;
	fake_time.passed_ms = 0;
	fake_time.limit_ms = limit_ms;
	fake_time.waits = 0;
	fake_time.on_wait = NULL;
}

void
fake_time_stop(void)
{
	fake_time.is_on = false;
}

int64_t
fake_time_passed_ms(void)
{
	return fake_time.passed_ms;
}

void
fake_time_advance(int64_t ms)
{
	fake_time.passed_ms += ms;
	if (fake_time.passed_ms > fake_time.limit_ms) {
		fprintf(stderr, "fake_time: no end after %lld s of made-up time\n",
			(long long)(fake_time.passed_ms / 1000));
		abort();
	}
}

void
fake_time_on_wait(fake_time_wait_fn *function, void *context)
{
	fake_time.on_wait = function;
	fake_time.context = context;
}

void
fake_time_set_ready(bool (*is_ready)(int fd))
{
	fake_time.is_ready = is_ready;
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	int64_t ms = fake_time.passed_ms +
		     (clock == CLOCK_REALTIME ? REAL_START_MS : MONOTONIC_START_MS);

	if (!fake_time.is_on)
		return (int)syscall(SYS_clock_gettime, clock, now);
	now->tv_sec = ms / 1000;
	now->tv_nsec = ms % 1000 * 1000000;
	return 0;
}

static int
real_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	struct timespec timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};

	return (int)syscall(SYS_ppoll, fds, count, timeout_ms < 0 ? NULL : &timeout, NULL, 0);
}

/* What is ready now, made up or real; never waits. */
static int
ready_now(struct pollfd *fds, nfds_t count)
{
	int fd_of[POLL_MAX], ready;

	for (nfds_t i = 0; i < count; i++) {
		fd_of[i] = fds[i].fd;
		fds[i].fd = fds[i].fd >= FAKE_TIME_FD ? -1 : fds[i].fd;
	}
	ready = real_poll(fds, count, 0);
	for (nfds_t i = 0; i < count; i++) {
		fds[i].fd = fd_of[i];
		if (fd_of[i] < FAKE_TIME_FD || fake_time.is_ready == NULL)
			continue;
		fds[i].revents = fake_time.is_ready(fd_of[i]) ? POLLIN : 0;
		ready += fds[i].revents != 0;
	}
	return ready;
}

int
poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	int ready;

	if (!fake_time.is_on)
		return real_poll(fds, count, timeout_ms);
	if (count > POLL_MAX) {
		errno = EINVAL;
		return -1;
	}
	fake_time.waits++;
	if (fake_time.on_wait != NULL)
		fake_time.on_wait(fake_time.context, fake_time.waits);
	ready = ready_now(fds, count);
	if (ready == 0)
		fake_time_advance(timeout_ms < 0 ? 60000 : timeout_ms);
	return ready;
}

/* What poll() is with _FORTIFY_SOURCE. */
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t size);

int
__poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t size)
{
	if (size / sizeof(*fds) < count)
		abort();
	return poll(fds, count, timeout_ms);
}
