/* SPDX-License-Identifier: MIT */
/*
 * malloc_fail.c - LD_PRELOAD shim: one allocation fails, the program's own or a library's.
 *
 *   SHIM_MALLOC_PROGRAM   name of the program that is meant; others are left alone
 *   SHIM_MALLOC_COUNTER   a file with a number N: each process of that program takes N, writes
 *                         N + 1 back, and its N-th allocation returns NULL; so each new process
 *                         fails one allocation later
 *   SHIM_MALLOC_LIFE_MS   a process that survives its failed allocation gets a TERM so much
 *                         later, to make room for the next one (100)
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

/* glibc's own, under the names that a preloaded malloc can still reach. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static long fails_at;
static atomic_long made;

__attribute__((constructor)) static void
choose(void)
{
	const char *program = getenv("SHIM_MALLOC_PROGRAM"), *path = getenv("SHIM_MALLOC_COUNTER");
	char text[32] = "";
	long number;
	int fd;

	if (program == NULL || path == NULL || strcmp(program, program_invocation_short_name) != 0)
		return;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	flock(fd, LOCK_EX);
	if (read(fd, text, sizeof(text) - 1) > 0) {
		number = strtol(text, NULL, 10);
		snprintf(text, sizeof(text), "%-20ld", number + 1);
		if (pwrite(fd, text, strlen(text), 0) > 0)
			fails_at = number;
	}
	close(fd);
	atomic_store(&made, 0);
}

static void
limit_life(void)
{
	struct sigevent end_me = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGTERM};
	const char *life = getenv("SHIM_MALLOC_LIFE_MS");
	long ms = life != NULL ? strtol(life, NULL, 10) : 100;
	struct itimerspec when = {
		.it_value = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}};
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &end_me, &timer) == 0)
		timer_settime(timer, 0, &when, NULL);
}

/* Is it the N-th? Then the caller has to fail. */
static int
is_the_one(void)
{
	if (fails_at == 0 || atomic_fetch_add(&made, 1) + 1 != fails_at)
		return 0;
	limit_life();
	errno = ENOMEM;
	return 1;
}

void *
malloc(size_t size)
{
	if (is_the_one())
		return NULL;
	return __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	if (is_the_one())
		return NULL;
	return __libc_calloc(count, size);
}

void *
realloc(void *old, size_t size)
{
	if (is_the_one())
		return NULL;
	return __libc_realloc(old, size);
}
