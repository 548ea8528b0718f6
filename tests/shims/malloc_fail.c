/* SPDX-License-Identifier: MIT */
/*
 * malloc_fail.c - LD_PRELOAD shim: one allocation fails, the program's own or a library's.
 *
 *   SHIM_MALLOC_PROGRAM   name of the program that is meant; others are left alone
 *   SHIM_MALLOC_COUNTER   a file with a number N: each process of that program takes N, writes N +
 * STEP back, and its N-th allocation returns NULL; so each new process of a crash loop fails a
 * little later SHIM_MALLOC_STEP      STEP (1)
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
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
	const char *step = getenv("SHIM_MALLOC_STEP");
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
		snprintf(text, sizeof(text), "%-20ld",
			 number + (step != NULL ? strtol(step, NULL, 10) : 1));
		if (pwrite(fd, text, strlen(text), 0) > 0)
			fails_at = number;
	}
	close(fd);
	atomic_store(&made, 0);
}

static int
is_the_one(void)
{
	return fails_at > 0 && atomic_fetch_add(&made, 1) + 1 == fails_at;
}

void *
malloc(size_t size)
{
	if (is_the_one()) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	if (is_the_one()) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_calloc(count, size);
}

void *
realloc(void *old, size_t size)
{
	if (is_the_one()) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_realloc(old, size);
}
