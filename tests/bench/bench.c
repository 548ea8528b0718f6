/* SPDX-License-Identifier: MIT */
/*
 * bench.c - helpers of the measuring programs.
 */
#include "tests/bench/bench.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
seconds_of(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double
bench_now_s(void)
{
	return seconds_of(CLOCK_MONOTONIC);
}

double
bench_cpu_s(void)
{
	return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

struct span
bench_read_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat about;
	void *bytes;

	if (fd < 0 || fstat(fd, &about) != 0)
		fatal_exit(EX_NOINPUT, "%s: %s", path, strerror(errno));
	if (about.st_size == 0)
		fatal_exit(EX_NOINPUT, "%s: it is empty", path);
	bytes = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (bytes == MAP_FAILED)
		fatal("cannot map %s: %s", path, strerror(errno));
	close(fd);
	return (struct span){.ptr = bytes, .len = (size_t)about.st_size};
}

struct span *
bench_split_lines(struct span text, size_t *count)
{
	struct span *lines = NULL;
	size_t used = 0, size = 0;

	while (text.len > 0) {
		const char *end = memchr(text.ptr, '\n', text.len);
		size_t len = end != NULL ? (size_t)(end - text.ptr) : text.len;

		if (used == size) {
			size = size > 0 ? 2 * size : 65536;
			lines = xreallocarray(lines, size, sizeof(*lines));
		}
		lines[used++] = (struct span){.ptr = text.ptr, .len = len};
		len += end != NULL;
		text = (struct span){.ptr = text.ptr + len, .len = text.len - len};
	}
	*count = used;
	return lines;
}

size_t
bench_number(const char *text, const char *what)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (end == text || *end != '\0' || number == 0)
		fatal_exit(EX_USAGE, "%s: \"%s\" is not a number from 1", what, text);
	return number;
}

void
bench_need(enum outcome outcome, const struct failure *failure)
{
	if (outcome != OUTCOME_DONE)
		fatal_exit(failure->exit_code, "%s", failure->text);
}

/* Say that we are ready, wait for the start: its pipe ends when the parent closes it. */
static NO_RETURN void
be_child(const struct bench_job *job, int ready, int start)
{
	void *prepared = job->prepare(job->context);
	char byte = 0;

	if (write(ready, &byte, 1) != 1)
		fatal("cannot report to the parent: %s", strerror(errno));
	while (read(start, &byte, 1) < 0 && errno == EINTR)
		;
	job->run(prepared);
	_exit(EX_OK);
}

static void
await_ready(int ready, size_t count)
{
	char byte;

	for (size_t i = 0; i < count; i++)
		if (read(ready, &byte, 1) != 1)
			fatal_exit(EX_SOFTWARE, "a part failed while it prepared");
}

double
bench_side_by_side(const struct bench_job *jobs, size_t count)
{
	int ready[2], start[2], status;
	double begin_s;

	if (pipe(ready) != 0 || pipe(start) != 0)
		fatal("cannot open pipes: %s", strerror(errno));
	for (size_t i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0)
			fatal("cannot fork: %s", strerror(errno));
		if (pid == 0) {
			close(start[1]);
			close(ready[0]);
			be_child(&jobs[i], ready[1], start[0]);
		}
	}
	close(ready[1]);
	close(start[0]);
	await_ready(ready[0], count);
	begin_s = bench_now_s();
	close(start[1]);
	for (size_t i = 0; i < count; i++)
		if (wait(&status) < 0 || status != 0)
			fatal_exit(EX_SOFTWARE, "a part failed");
	close(ready[0]);
	return bench_now_s() - begin_s;
}
