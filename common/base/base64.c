/* SPDX-License-Identifier: MIT */
/*
 * base64.c - bytes as text and back.
 */
#include "common/base/base64.h"
#include "common/base/xalloc.h"

#include <stdint.h>
#include <stdlib.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *
base64_encode(struct span bytes)
{
	const unsigned char *in = (const unsigned char *)bytes.ptr;
	char *out = xcalloc((bytes.len + 2) / 3 * 4 + 1, 1), *to = out;

	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t have = MIN(bytes.len - i, (size_t)3);
		uint32_t group = (uint32_t)in[i] << 16;

		if (have > 1)
			group |= (uint32_t)in[i + 1] << 8;
		if (have > 2)
			group |= in[i + 2];
		*to++ = alphabet[group >> 18];
		*to++ = alphabet[group >> 12 & 63];
		*to++ = have > 1 ? alphabet[group >> 6 & 63] : '=';
		*to++ = have > 2 ? alphabet[group & 63] : '=';
	}
	return out;
}

char *
base64_decode(const char *text, size_t *len)
{
	size_t text_len = strlen(text), padding = 0;
	char *out = xcalloc(text_len / 4 * 3 + 1, 1);
	uint32_t group = 0;

	*len = 0;
	while (padding < 2 && padding < text_len && text[text_len - 1 - padding] == '=')
		padding++;
	for (size_t i = 0; i < text_len; i++) {
		const char *found = i < text_len - padding ? strchr(alphabet, text[i]) : alphabet;

		if (found == NULL || text_len % 4 != 0) {
			free(out);
			return NULL;
		}
		group = group << 6 | (uint32_t)(found - alphabet);
		for (int shift = 16; i % 4 == 3 && shift >= 0; shift -= 8)
			out[(*len)++] = (char)(group >> shift & 255);
	}
	*len -= padding;
	out[*len] = '\0';
	return out;
}
