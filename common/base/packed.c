/* SPDX-License-Identifier: MIT */
/*
 * packed.c - the packers, their names and their first bytes, in one table.
 */
#include "common/base/packed.h"

#include <string.h>

enum { NAMES_MAX = 4, MAGIC_MAX = 10 };

/* No text begins with such bytes: bzip2's, which are letters at first, are told by ten of them. */
static const struct packer_row {
	const char *packer;
	const char *suffixes[NAMES_MAX];
	const char *magic; /* "" = its files begin with no certain bytes */
	size_t magic_len;
} packer_rows[] = {
	{"gzip", {".gz", ".tgz"}, "\x1f\x8b", 2},
	{"bzip2", {".bz2", ".bz", ".tbz2"}, "BZh?\x31\x41\x59\x26\x53\x59", 10},
	{"bzip2", {NULL}, "BZh?\x17\x72\x45\x38\x50\x90", 10}, /* of an empty file */
	{"xz",
	 {".xz", ".txz"},
	 "\xfd"
	 "7zXZ\0",
	 6},
	{"zstd", {".zst", ".zstd", ".tzst"}, "\x28\xb5\x2f\xfd", 4},
	{"lz4", {".lz4"}, "\x04\x22\x4d\x18", 4},
	{"lz4", {NULL}, "\x02\x21\x4c\x18", 4}, /* as old ones wrote it */
	{"lzma", {".lzma"}, "\x5d\0\0?", 4},
	{"lzip", {".lz"}, "LZIP\x01", 5},
	{"lzop", {".lzo"}, "\x89LZO\0", 5},
	{"zip", {".zip"}, "PK\x03\x04", 4},
	{"zip", {NULL}, "PK\x05\x06", 4}, /* an empty one */
	{"zip", {NULL}, "PK\x07\x08", 4}, /* in parts */
	{"7z", {".7z"}, "7z\xbc\xaf\x27\x1c", 6},
	{"rar", {".rar"}, "Rar!\x1a\x07", 6},
	{"compress", {".Z"}, "\x1f\x9d", 2},
	{"pack", {".z"}, "\x1f\x1e", 2},
	{"brotli", {".br"}, "", 0},
	{"snappy", {".sz", ".snappy"}, "\xff\x06\0\0sNaPp", 9},
};

const char *
packed_by_name(const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < ARRAY_LEN(packer_rows); i++)
		for (size_t j = 0; j < NAMES_MAX && packer_rows[i].suffixes[j] != NULL; j++) {
			const char *suffix = packer_rows[i].suffixes[j];
			size_t suffix_len = strlen(suffix);

			if (len > suffix_len && strcmp(path + len - suffix_len, suffix) == 0)
				return packer_rows[i].packer;
		}
	return NULL;
}

/* '?' in a magic is any byte. */
static bool
has_magic(const struct packer_row *row, const char *start, size_t len)
{
	if (row->magic_len == 0 || len < row->magic_len)
		return false;
	for (size_t i = 0; i < row->magic_len; i++)
		if (row->magic[i] != '?' && row->magic[i] != start[i])
			return false;
	return true;
}

const char *
packed_by_content(const char *start, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(packer_rows); i++)
		if (has_magic(&packer_rows[i], start, len))
			return packer_rows[i].packer;
	return NULL;
}

/* Files of this packer can be told by their content, so others are not its. */
static bool
has_own_bytes(const char *packer)
{
	for (size_t i = 0; i < ARRAY_LEN(packer_rows); i++)
		if (strcmp(packer_rows[i].packer, packer) == 0)
			return packer_rows[i].magic_len > 0;
	return false;
}

/* It begins with a complete line, and that has no byte that only a binary file has. */
static bool
begins_with_line(const char *start, size_t len)
{
	const char *lf = len > 0 ? memchr(start, '\n', len) : NULL;

	if (lf == NULL || lf == start)
		return false;
	for (const char *p = start; p < lf; p++)
		if (((unsigned char)*p < 0x20 && *p != '\t' && *p != '\r') || *p == 0x7f)
			return false;
	return true;
}

const char *
packed_by(const char *path, const char *start, size_t len)
{
	const char *by_content = packed_by_content(start, len), *by_name;

	if (by_content != NULL)
		return by_content;
	by_name = packed_by_name(path);
	return by_name != NULL && has_own_bytes(by_name) && begins_with_line(start, len) ? NULL
											 : by_name;
}
