/* SPDX-License-Identifier: MIT */
/*
 * fuzz_content_encoding.c - libFuzzer: any bytes as a packed body, as the blocks behind a good
 * header, and as damage to a good one; and any bytes packed and unpacked again.
 */
#include "common/message/content_encoding.h"
#include "tests/fuzz/fuzz.h"

static struct unpacker *unpacker;

/* True when it is a body; then it is equal to wanted, if that is not SPAN_NULL. */
static bool
unpack(struct span packed, struct span wanted)
{
	char *bytes;
	size_t len;

	if (unpacker_unpack(unpacker, SPAN_LITERAL(CONTENT_ENCODING_LZ4), packed, &bytes, &len) !=
	    NULL)
		return false;
	FUZZ_CHECK(len <= CONTENT_ENCODING_UNPACKED_MAX);
	if (wanted.ptr != NULL)
		FUZZ_CHECK(span_equals(wanted, (struct span){.ptr = bytes, .len = len}));
	free(bytes);
	return true;
}

/* Blocks of at most 64 KiB, independent, no checksums, no size. */
static void
unpack_blocks(struct span input)
{
	static const char header[] = "\x04\x22\x4d\x18\x60\x40\x82";
	size_t len = sizeof(header) - 1;
	char *body = xcalloc(len + input.len, 1);

	memcpy(body, header, len);
	memcpy(body + len, input.ptr, input.len);
	unpack((struct span){.ptr = body, .len = len + input.len}, SPAN_NULL);
	free(body);
}

/* The first bytes say which bytes of the packed rest change, and how. */
static void
unpack_damaged(struct span packed, const uint8_t *data)
{
	enum { CHANGES = 4 };
	char *body = fuzz_copy(packed);

	for (size_t i = 0; i < CHANGES; i++, data += 3)
		body[((size_t)data[0] << 8 | data[1]) % packed.len] ^= (char)data[2];
	unpack((struct span){.ptr = body, .len = packed.len}, SPAN_NULL);
	free(body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct packer packer;
	struct span input = fuzz_span(data, size), packed;

	if (unpacker == NULL)
		unpacker = unpacker_new();
	unpack(input, SPAN_NULL);
	unpack_blocks(input);
	if (!packer_pack(&packer, input, &packed))
		return 0;
	FUZZ_CHECK(packed.len < size && unpack(packed, input));
	unpack_damaged(packed, data);
	return 0;
}
