/* SPDX-License-Identifier: MIT */
/*
 * sorter.c - sorted runs on disk, merged through a heap.
 *
 * When all records fit into memory nothing is written. At the merge the same memory is divided
 * among the runs, so that their number does not matter until a run's share is a few records.
 */
#include "supervisor/audit/sorter.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sysexits.h>
#include <unistd.h>

enum { SHARE_RECORDS_MIN = 64 };

struct run {
	off_t next, end;       /* what is still on disk */
	char *share;	       /* its part of the memory */
	size_t at, have, room; /* records in it */
};

struct sorter {
	size_t record_size, key_size, capacity;
	char *memory;
	size_t count; /* records in memory */
	int fd;
	off_t written;
	struct run *runs;
	size_t run_count, runs_size;
	size_t *heap; /* of run numbers, the smallest record on top */
	size_t heap_count, at;
	char *last; /* copy of the record given last */
	bool merging;
};

struct sorter *
sorter_new(size_t record_size, size_t key_size, size_t memory_bytes)
{
	struct sorter *sorter = xcalloc(1, sizeof(*sorter));

	assert(key_size <= record_size);
	sorter->record_size = record_size;
	sorter->key_size = key_size;
	sorter->capacity = MAX(memory_bytes / record_size, (size_t)SHARE_RECORDS_MIN);
	sorter->memory = xreallocarray(NULL, sorter->capacity, record_size);
	sorter->last = xcalloc(1, record_size);
	sorter->fd = -1;
	return sorter;
}

void
sorter_free(struct sorter **sorter)
{
	struct sorter *old = *sorter;

	if (old == NULL)
		return;
	if (old->fd >= 0)
		close(old->fd);
	if (old->merging && old->run_count > old->capacity / SHARE_RECORDS_MIN)
		for (size_t i = 0; i < old->run_count; i++)
			free(old->runs[i].share);
	free(old->memory);
	free(old->last);
	free(old->runs);
	free(old->heap);
	free(old);
	*sorter = NULL;
}

static int
compare(const void *a, const void *b, void *key_size)
{
	return memcmp(a, b, *(const size_t *)key_size);
}

static void
sort_memory(struct sorter *sorter)
{
	qsort_r(sorter->memory, sorter->count, sorter->record_size, compare, &sorter->key_size);
}

/* --- runs --- */

static const char *
folder(void)
{
	const char *named = getenv("TMPDIR");

	return named != NULL && named[0] != '\0' ? named : "/var/tmp";
}

static void
sorter_open_file(struct sorter *sorter)
{
	char path[4096];

	sorter->fd = open(folder(), O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (sorter->fd >= 0)
		return;
	/* Not every file system knows O_TMPFILE. */
	snprintf(path, sizeof(path), "%s/sluicectl-XXXXXX", folder());
	sorter->fd = mkostemp(path, O_CLOEXEC);
	if (sorter->fd < 0)
		fatal_exit(EX_CANTCREAT,
			   "cannot make a temporary file in %s: %s (TMPDIR says where)", folder(),
			   strerror(errno));
	unlink(path);
}

static void
write_run(struct sorter *sorter)
{
	size_t left = sorter->count * sorter->record_size;
	const char *bytes = sorter->memory;

	if (sorter->fd < 0)
		sorter_open_file(sorter);
	if (sorter->run_count == sorter->runs_size) {
		sorter->runs_size = MAX((size_t)16, 2 * sorter->runs_size);
		sorter->runs =
			xreallocarray(sorter->runs, sorter->runs_size, sizeof(*sorter->runs));
	}
	sort_memory(sorter);
	sorter->runs[sorter->run_count++] =
		(struct run){.next = sorter->written, .end = sorter->written + (off_t)left};
	while (left > 0) {
		ssize_t done = pwrite(sorter->fd, bytes, left, sorter->written);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			fatal_exit(EX_IOERR,
				   "cannot write to a temporary file in %s: %s (TMPDIR says where)",
				   folder(), strerror(errno));
		bytes += done;
		left -= (size_t)done;
		sorter->written += done;
	}
	sorter->count = 0;
}

void
sorter_add(struct sorter *sorter, const void *record)
{
	assert(!sorter->merging);
	if (sorter->count == sorter->capacity)
		write_run(sorter);
	memcpy(sorter->memory + sorter->count * sorter->record_size, record, sorter->record_size);
	sorter->count++;
}

/* --- the merge --- */

/* Read the run's next records; false when it has none. */
static bool
refill(struct sorter *sorter, struct run *run)
{
	size_t bytes = MIN(run->room * sorter->record_size, (size_t)(run->end - run->next));
	size_t got = 0;

	run->at = 0;
	run->have = bytes / sorter->record_size;
	while (got < bytes) {
		ssize_t done = pread(sorter->fd, run->share + got, bytes - got, run->next);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			fatal_exit(EX_IOERR, "cannot read a temporary file in %s: %s", folder(),
				   done < 0 ? strerror(errno) : "it is shorter than it was");
		got += (size_t)done;
		run->next += done;
	}
	return run->have > 0;
}

static const char *
head_of(const struct sorter *sorter, size_t run)
{
	return sorter->runs[run].share + sorter->runs[run].at * sorter->record_size;
}

static void
sift_down(struct sorter *sorter, size_t i)
{
	for (;;) {
		size_t least = i;

		for (size_t child = 2 * i + 1; child <= 2 * i + 2; child++)
			if (child < sorter->heap_count &&
			    memcmp(head_of(sorter, sorter->heap[child]),
				   head_of(sorter, sorter->heap[least]), sorter->key_size) < 0)
				least = child;
		if (least == i)
			return;
		size_t swapped = sorter->heap[i];

		sorter->heap[i] = sorter->heap[least];
		sorter->heap[least] = swapped;
		i = least;
	}
}

static void
start_merge(struct sorter *sorter)
{
	size_t room;

	sorter->merging = true;
	if (sorter->run_count == 0) {
		sort_memory(sorter);
		return;
	}
	write_run(sorter);
	room = sorter->capacity / sorter->run_count;
	sorter->heap = xcalloc(sorter->run_count, sizeof(*sorter->heap));
	for (size_t i = 0; i < sorter->run_count; i++) {
		struct run *run = &sorter->runs[i];

		run->room = MAX(room, (size_t)SHARE_RECORDS_MIN);
		run->share = room >= SHARE_RECORDS_MIN
				     ? sorter->memory + i * room * sorter->record_size
				     : xreallocarray(NULL, run->room, sorter->record_size);
		if (refill(sorter, run))
			sorter->heap[sorter->heap_count++] = i;
	}
	for (size_t i = sorter->heap_count / 2; i-- > 0;)
		sift_down(sorter, i);
}

const void *
sorter_next(struct sorter *sorter)
{
	struct run *run;

	if (!sorter->merging)
		start_merge(sorter);
	if (sorter->run_count == 0)
		return sorter->at < sorter->count
			       ? sorter->memory + sorter->at++ * sorter->record_size
			       : NULL;
	if (sorter->heap_count == 0)
		return NULL;
	run = &sorter->runs[sorter->heap[0]];
	memcpy(sorter->last, head_of(sorter, sorter->heap[0]), sorter->record_size);
	if (++run->at == run->have && !refill(sorter, run))
		sorter->heap[0] = sorter->heap[--sorter->heap_count];
	sift_down(sorter, 0);
	return sorter->last;
}
