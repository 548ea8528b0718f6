/* SPDX-License-Identifier: MIT */
/*
 * test_content_encoding.c - LZ4 frames in and out, and what strangers may send as one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <lz4frame.h>
#include <stdlib.h>
#include <string.h>

#include "common/message/content_encoding.h"
#include "common/base/defs.h"
#include "common/base/xalloc.h"

static const struct span lz4 = {.ptr = "lz4", .len = 3};
static struct unpacker *unpacker; /* of all tests: none may spoil it for the next */

/* Log lines, as far as a compression sees them. */
static char *
make_lines(size_t len)
{
	static const char line[] =
		"192.0.2.7 - - [25/Nov/2026:10:00:00 +0100] \"GET /a/b HTTP/1.1\" "
		"200 512\n";
	char *bytes = xcalloc(len, 1);

	for (size_t i = 0; i < len; i++)
		bytes[i] = i % 97 == 0 ? (char)('a' + i * 31 % 26) : line[i % (sizeof(line) - 1)];
	return bytes;
}

static void
test_round_trip(void **state)
{
	static const size_t lengths[] = {CONTENT_ENCODING_WORTH_BYTES, 65536, 262144, 262145,
					 3000000};
	struct packer packer = {.bytes = NULL};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		char *lines = make_lines(lengths[i]), *back;
		struct span packed;
		size_t len;

		assert_true(packer_pack(&packer, (struct span){lines, lengths[i]}, &packed));
		assert_true(packed.len < lengths[i] / 2);
		assert_null(unpacker_unpack(unpacker, lz4, packed, &back, &len));
		assert_int_equal(len, lengths[i]);
		assert_memory_equal(back, lines, len);
		free(back);
		free(lines);
	}
	packer_free(&packer);
}

static void
test_not_worth_it(void **state)
{
	struct packer packer = {.bytes = NULL};
	char noise[4096];
	uint32_t random = 1;
	struct span packed;

	(void)state;
	for (size_t i = 0; i < sizeof(noise); i++) {
		random = random * 1664525 + 1013904223;
		noise[i] = (char)(random >> 24);
	}
	assert_false(packer_pack(&packer, (struct span){noise, sizeof(noise)}, &packed));
	memset(noise, 'a', sizeof(noise));
	assert_false(packer_pack(&packer, (struct span){noise, CONTENT_ENCODING_WORTH_BYTES - 1},
				 &packed));
	packer_free(&packer);
}

static void
test_names(void **state)
{
	static const char *const packed[] = {"lz4", "LZ4", "gzip", "GZip", "zstd", "xz"};
	static const char *const plain[] = {"", "utf-8", "UTF-8", "identity", "binary", "lz"};
	char *bytes;
	size_t len;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(packed); i++)
		assert_true(content_encoding_is_packed(span_of(packed[i])));
	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		assert_false(content_encoding_is_packed(span_of(plain[i])));
	assert_false(content_encoding_is_packed(SPAN_NULL));
	assert_string_equal(
		unpacker_unpack(unpacker, span_of("gzip"), SPAN_LITERAL("\x1f\x8b"), &bytes, &len),
		"its content_encoding is unknown here");
}

static const char *
unpack(struct span packed)
{
	char *bytes = NULL;
	size_t len;
	const char *problem = unpacker_unpack(unpacker, lz4, packed, &bytes, &len);

	free(bytes);
	return problem;
}

static void
test_broken(void **state)
{
	struct packer packer = {.bytes = NULL};
	char *lines = make_lines(100000), *copy;
	struct span packed;

	(void)state;
	assert_true(packer_pack(&packer, (struct span){lines, 100000}, &packed));
	copy = xcalloc(packed.len + 1, 1);
	memcpy(copy, packed.ptr, packed.len);
	assert_string_equal(unpack(SPAN_LITERAL("")), "the body is no LZ4 frame");
	assert_string_equal(unpack(SPAN_LITERAL("GET / HTTP/1.1\r\n")), "the body is no LZ4 frame");
	for (size_t len = 1; len < packed.len; len += 97)
		assert_non_null(unpack((struct span){packed.ptr, len}));
	assert_string_equal(unpack((struct span){packed.ptr, packed.len - 4}),
			    "the body ends in the middle of an LZ4 frame");
	/* one byte too many */
	assert_non_null(unpack((struct span){copy, packed.len + 1}));
	/* a size that is not true: nothing is allocated by it */
	memset(copy + 6, 0x7f, 8);
	assert_non_null(unpack((struct span){copy, packed.len}));
	free(copy);
	free(lines);
	packer_free(&packer);
}

/* What another program packs: without a size, in blocks, several frames in a row. */
static void
test_foreign(void **state)
{
	const LZ4F_preferences_t preferences = {
		.frameInfo = {.blockSizeID = LZ4F_max64KB,
			      .contentChecksumFlag = LZ4F_contentChecksumEnabled}};
	const size_t len = 700000, bound = LZ4F_compressFrameBound(len, &preferences);
	char *lines = make_lines(len), *packed = xcalloc(2, bound), *back;
	size_t first, second, back_len;

	(void)state;
	first = LZ4F_compressFrame(packed, bound, lines, len, &preferences);
	assert_false(LZ4F_isError(first));
	second = LZ4F_compressFrame(packed + first, bound, lines, len, NULL);
	assert_false(LZ4F_isError(second));
	assert_null(unpacker_unpack(unpacker, lz4, (struct span){packed, first + second}, &back,
				    &back_len));
	assert_int_equal(back_len, 2 * len);
	assert_memory_equal(back, lines, len);
	assert_memory_equal(back + len, lines, len);
	free(back);
	/* its checksum tells that a byte has changed */
	packed[first / 2] ^= 1;
	assert_non_null(unpack((struct span){packed, first}));
	free(packed);
	free(lines);
}

/* A few bytes that want to be very many cost no more than the limit. */
static void
test_bomb(void **state)
{
	const size_t len = (size_t)CONTENT_ENCODING_UNPACKED_MAX + 1;
	char *zeros = xcalloc(len, 1);

	(void)state;
	for (int with_size = 0; with_size <= 1; with_size++) {
		const LZ4F_preferences_t preferences = {
			.frameInfo = {.contentSize = with_size ? len : 0}};
		size_t bound = LZ4F_compressFrameBound(len, &preferences), packed_len;
		char *packed = xcalloc(bound, 1);

		packed_len = LZ4F_compressFrame(packed, bound, zeros, len, &preferences);
		assert_false(LZ4F_isError(packed_len));
		assert_true(packed_len < len / 200);
		assert_string_equal(unpack((struct span){packed, packed_len}),
				    "unpacked, the body would be larger than 16 MiB");
		free(packed);
	}
	free(zeros);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_not_worth_it),
		cmocka_unit_test(test_names),	   cmocka_unit_test(test_broken),
		cmocka_unit_test(test_foreign),	   cmocka_unit_test(test_bomb),
	};

	int failed;

	unpacker = unpacker_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unpacker_free(&unpacker);
	return failed;
}
