/* SPDX-License-Identifier: MIT */
/*
 * fuzz.h - what all fuzz targets share. A target is one function that takes any bytes and aborts
 * when what comes out is not as promised; tests/fuzz/run runs them.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/span.h"
#include "common/base/xalloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition)     \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static inline struct span
fuzz_span(const uint8_t *data, size_t size)
{
	return (struct span){.ptr = size > 0 ? (const char *)data : "", .len = size};
}

/* A copy in memory of its own size, so that the sanitizer sees one byte too many. Free it. */
static inline char *
fuzz_copy(struct span bytes)
{
	char *copy = xcalloc(bytes.len, 1);

	memcpy(copy, bytes.ptr, bytes.len);
	return copy;
}

/* A file in memory with these bytes, to be closed; path is how to open it. */
static inline int
fuzz_file(struct span bytes, char path[32])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	FUZZ_CHECK(fd >= 0 && write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len);
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

static inline void
fuzz_check_inside(struct span part, struct span whole)
{
	if (part.ptr == NULL)
		FUZZ_CHECK(part.len == 0);
	else
		FUZZ_CHECK(part.ptr >= whole.ptr && part.len <= whole.len &&
			   (size_t)(part.ptr - whole.ptr) <= whole.len - part.len);
}

#endif
