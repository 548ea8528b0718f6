/* SPDX-License-Identifier: MIT */
/*
 * test_packed.c - which files a packer made, by name and by first bytes.
 */
#include "common/base/packed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static void
assert_packer(const char *got, const char *want, const char *what)
{
	bool same = got == want || (got != NULL && want != NULL && strcmp(got, want) == 0);

	if (!same)
		fail_msg("%s: %s, not %s", what, got != NULL ? got : "none",
			 want != NULL ? want : "none");
}

static void
test_names(void **state UNUSED)
{
	static const struct {
		const char *path, *packer;
	} cases[] = {
		{"/var/log/access.log.1.gz", "gzip"},
		{"access.log-20261126.xz", "xz"},
		{"a.bz2", "bzip2"},
		{"a.zip", "zip"},
		{"a.zst", "zstd"},
		{"a.lz4", "lz4"},
		{"a.lzma", "lzma"},
		{"a.Z", "compress"},
		{"a.br", "brotli"},
		{"access.log", NULL},
		{"access.log.gz.1", NULL},
		{".gz", NULL},
		{"gz", NULL},
		{"", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_packer(packed_by_name(cases[i].path), cases[i].packer, cases[i].path);
}

/* The first bytes of real files. */
static const struct {
	const char *bytes;
	size_t len;
	const char *packer;
} real_files[] = {
	{"\x1f\x8b\x08\0\0\0\0\0\0\x03", 10, "gzip"},
	{"BZh91AY&SY\x7c", 11, "bzip2"},
	{"BZh9\x17\x72\x45\x38\x50\x90", 10, "bzip2"},
	{"\xfd"
	 "7zXZ\0\0\x04",
	 8, "xz"},
	{"PK\x03\x04\x14\0", 6, "zip"},
	{"PK\x05\x06\0\0", 6, "zip"},
	{"\x28\xb5\x2f\xfd\x24", 5, "zstd"},
	{"\x04\x22\x4d\x18\x64", 5, "lz4"},
	{"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff", 13, "lzma"},
	{"\x1f\x9d\x90", 3, "compress"},
};

static void
test_contents(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(real_files); i++) {
		assert_packer(packed_by("access.log", real_files[i].bytes, real_files[i].len),
			      real_files[i].packer, real_files[i].packer);
		/* one byte is not enough, and nothing is read beyond what is there */
		assert_packer(packed_by_content(real_files[i].bytes, 1), NULL, "one byte");
	}
	assert_packer(packed_by_content("", 0), NULL, "nothing");
	assert_packer(packed_by("access.log", "BZh9 is the name of a proxy\n", 28), NULL, "text");
	assert_packer(packed_by("access.log", "PK 192.0.2.1\n", 13), NULL, "text");
	assert_packer(packed_by("access.log", "\0\0\0\0", 4), NULL, "a hole");
}

static void
test_both(void **state UNUSED)
{
	/* until a line is there, the name counts */
	assert_packer(packed_by("a.gz", "", 0), "gzip", "empty");
	assert_packer(packed_by("a.gz", "\x1f", 1), "gzip", "its first byte");
	assert_packer(packed_by("a.gz", "192.0.2.1 - -", 13), "gzip", "no line yet");
	assert_packer(packed_by("a.gz", "192.0.2.1\tzo\xc3\xab\r\n", 16), NULL, "a log");
	assert_packer(packed_by("a.gz", "\n", 1), "gzip", "an empty line");
	assert_packer(packed_by("a.gz", "\x03\x02\n", 3), "gzip", "no text");
	/* what the name says may be another packer */
	assert_packer(packed_by("a.gz", "\x28\xb5\x2f\xfd", 4), "zstd", "zstd called gz");
	/* no certain bytes: the name counts */
	assert_packer(packed_by("a.br", "192.0.2.1\n", 10), "brotli", "brotli");
	assert_packer(packed_by("a", "", 0), NULL, "empty");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_contents),
		cmocka_unit_test(test_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
