/* SPDX-License-Identifier: MIT */
/*
 * utf8.c - checking and escaping of UTF-8.
 *
 * Most lines are ASCII: eight bytes are looked at in one step until one of them is not.
 */
#include "common/base/utf8.h"

#include <assert.h>
#include <stdint.h>

/* Bytes from p that are ASCII for certain; found in steps of eight, so it may say too few. */
static size_t
ascii_len(const char *p, size_t len)
{
	size_t at = 0;

	while (len - at >= sizeof(uint64_t)) {
		uint64_t word;
		memcpy(&word, p + at, sizeof(word));
		if ((word & UINT64_C(0x8080808080808080)) != 0)
			break;
		at += sizeof(word);
	}
	return at;
}

/* Length of the valid sequence at p, or 0. The bounds of the second byte are those of RFC 3629. */
static size_t
sequence_len(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;
	unsigned char low = 0x80, high = 0xbf;
	size_t need;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		need = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		need = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		need = 4;
	else
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0; /* else it were longer than it must be */
	else if (p[0] == 0xed)
		high = 0x9f; /* surrogates */
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f; /* above U+10FFFF */
	if (len < need || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < need; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return need;
}

/* Length of the valid text at the start of p. */
static size_t
valid_len(const char *p, size_t len)
{
	size_t at = 0;

	while (at < len) {
		at += ascii_len(p + at, len - at);
		/* At most the rest of a word of eight, then the wide steps again. */
		for (int i = 0; i < 8 && at < len; i++) {
			size_t step = sequence_len(p + at, len - at);
			if (step == 0)
				return at;
			at += step;
		}
	}
	return at;
}

bool
utf8_valid(struct span in)
{
	return valid_len(in.ptr, in.len) == in.len;
}

size_t
utf8_escaped_len(struct span in)
{
	size_t bytes = in.len;

	for (size_t at = 0; at < in.len;) {
		at += valid_len(in.ptr + at, in.len - at);
		if (at < in.len) {
			bytes += UTF8_ESCAPE_LEN - 1;
			at++;
		}
	}
	return bytes;
}

size_t
utf8_escape(struct span in, char *out, size_t out_size)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t written = 0;

	for (size_t at = 0; at < in.len;) {
		size_t valid = valid_len(in.ptr + at, in.len - at);
		assert(valid <= out_size - written);
		if (valid > 0)
			memcpy(out + written, in.ptr + at, valid);
		written += valid;
		at += valid;
		if (at == in.len)
			break;
		unsigned char byte = (unsigned char)in.ptr[at++];
		assert(UTF8_ESCAPE_LEN <= out_size - written);
		out[written++] = '\\';
		out[written++] = 'x';
		out[written++] = hex[byte >> 4];
		out[written++] = hex[byte & 15];
	}
	return written;
}
