/* SPDX-License-Identifier: MIT */
/*
 * file_identity.c - device, inode, birth time; the hash for ids and markers.
 */
#include "producer/file_identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int64_t
nanoseconds(struct statx_timestamp stamp)
{
	return (int64_t)stamp.tv_sec * 1000000000 + stamp.tv_nsec;
}

int
file_look(int fd, const char *path, struct file_look *look)
{
	struct statx found;
	bool by_fd = fd >= 0;

	if (statx(by_fd ? fd : AT_FDCWD, by_fd ? "" : path, by_fd ? AT_EMPTY_PATH : 0,
		  STATX_BASIC_STATS | STATX_BTIME, &found) != 0)
		return -1;
	*look = (struct file_look){
		.identity = {.device = makedev(found.stx_dev_major, found.stx_dev_minor),
			     .inode = found.stx_ino},
		.mode = found.stx_mode,
		.size = (int64_t)found.stx_size,
		.changed_ns = nanoseconds(found.stx_mtime),
	};
	if ((found.stx_mask & STATX_BTIME) != 0)
		look->identity.birth_ns = nanoseconds(found.stx_btime);
	return 0;
}

bool
file_identity_same(const struct file_identity *a, const struct file_identity *b)
{
	return a->device == b->device && a->inode == b->inode && a->birth_ns == b->birth_ns;
}

uint64_t
file_marker(const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	uint64_t hash = FILE_MARKER_NONE;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * UINT64_C(1099511628211);
	return hash;
}

void
file_identity_format(const struct file_identity *identity, char out[FILE_ID_SIZE])
{
	char host[256] = "", text[384];
	int len;

	gethostname(host, sizeof(host) - 1);
	len = snprintf(text, sizeof(text), "%s:%llu:%llu:%lld:%u", host,
		       (unsigned long long)identity->device, (unsigned long long)identity->inode,
		       (long long)identity->birth_ns, identity->generation);
	snprintf(out, FILE_ID_SIZE, "%016llx", (unsigned long long)file_marker(text, (size_t)len));
}

int
file_marker_read(int fd, int64_t offset, uint64_t *marker)
{
	char bytes[FILE_MARKER_BYTES];
	size_t want = (size_t)MIN(offset, FILE_MARKER_BYTES);
	ssize_t got;

	if (want == 0) {
		*marker = FILE_MARKER_NONE;
		return 0;
	}
	got = pread(fd, bytes, want, offset - (int64_t)want);
	if (got != (ssize_t)want)
		return -1;
	*marker = file_marker(bytes, want);
	return 0;
}
