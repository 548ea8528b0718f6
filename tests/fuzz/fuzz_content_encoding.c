/* SPDX-License-Identifier: MIT */
/*
 * fuzz_content_encoding.c - libFuzzer: any bytes as a packed message body; and any bytes packed and
 * unpacked again.
 */
#include "common/content_encoding.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct span lz4 = {.ptr = "lz4", .len = 3};
	static struct packer packer;
	static struct unpacker *unpacker;
	struct span input = {.ptr = size > 0 ? (const char *)data : "", .len = size}, packed;
	char *bytes;
	size_t len;

	if (unpacker == NULL)
		unpacker = unpacker_new();
	if (unpacker_unpack(unpacker, lz4, input, &bytes, &len) == NULL) {
		if (len > CONTENT_ENCODING_UNPACKED_MAX)
			abort();
		free(bytes);
	}
	if (!packer_pack(&packer, input, &packed))
		return 0;
	if (packed.len >= size || unpacker_unpack(unpacker, lz4, packed, &bytes, &len) != NULL ||
	    !span_equals(input, (struct span){.ptr = bytes, .len = len}))
		abort();
	free(bytes);
	return 0;
}
