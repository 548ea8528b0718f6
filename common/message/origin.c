/* SPDX-License-Identifier: MIT */
/*
 * origin.c - file and offset as one number.
 */
#include "common/message/origin.h"

/* splitmix64's finaliser: spreads neighbouring numbers over all 64 bits, and never merges two. */
static uint64_t
mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

uint64_t
origin_of(struct span file_id, int64_t offset)
{
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a 64 over the file-id */

	if (file_id.ptr == NULL || offset < 0)
		return 0;
	for (size_t i = 0; i < file_id.len; i++)
		hash = (hash ^ (unsigned char)file_id.ptr[i]) * 0x100000001b3u;
	return mix(hash ^ mix((uint64_t)offset));
}
