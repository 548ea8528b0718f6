/* SPDX-License-Identifier: MIT */
/*
 * utf8.c - checking and escaping of UTF-8.
 *
 * Most lines are ASCII: eight bytes are looked at in one step until one of them is not.
 */
#include "common/base/utf8.h"
#include "common/base/defs.h"

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

size_t
utf8_decode(struct span in, uint32_t *character)
{
	size_t len = in.len > 0 ? sequence_len(in.ptr, in.len) : 0;
	unsigned char lead;

	if (len == 0)
		return 0;
	lead = (unsigned char)*in.ptr;
	*character = len == 1 ? lead : lead & (0x7fu >> len);
	for (size_t i = 1; i < len; i++)
		*character = *character << 6 | ((unsigned char)in.ptr[i] & 0x3f);
	return len;
}

/* In order. Unicode 15: Default_Ignorable_Code_Point, Bidi_Control, Cc, Zl and Zp. */
static const struct {
	uint32_t first, last;
} utf8_invisible[] = {
	{0x0, 0x1f},	    /* C0 controls */
	{0x7f, 0x9f},	    /* DEL, C1 controls */
	{0xad, 0xad},	    /* soft hyphen */
	{0x34f, 0x34f},	    /* combining grapheme joiner */
	{0x61c, 0x61c},	    /* Arabic letter mark */
	{0x115f, 0x1160},   /* Hangul fillers */
	{0x17b4, 0x17b5},   /* Khmer inherent vowels */
	{0x180b, 0x180f},   /* Mongolian variation selectors, vowel separator */
	{0x200b, 0x200f},   /* zero width, direction marks */
	{0x2028, 0x202e},   /* separators, embeddings and overrides */
	{0x2060, 0x206f},   /* word joiner, invisible operators, isolates */
	{0x3164, 0x3164},   /* Hangul filler */
	{0xfe00, 0xfe0f},   /* variation selectors */
	{0xfeff, 0xfeff},   /* byte order mark */
	{0xffa0, 0xffa0},   /* halfwidth Hangul filler */
	{0xfff0, 0xfffb},   /* unassigned, annotations */
	{0x1bca0, 0x1bca3}, /* shorthand format controls */
	{0x1d173, 0x1d17a}, /* musical format controls */
	{0xe0000, 0xe0fff}, /* tags, variation selectors */
};

bool
utf8_is_visible(uint32_t character)
{
	for (size_t i = 0; i < ARRAY_LEN(utf8_invisible); i++)
		if (character <= utf8_invisible[i].last)
			return character < utf8_invisible[i].first;
	return true;
}

size_t
utf8_show(struct span in, char shown[UTF8_SHOWN_MAX], size_t *shown_len)
{
	static const char hex[] = "0123456789ABCDEF";
	uint32_t c;
	size_t len = utf8_decode(in, &c), used = 0;

	if (len > 0 && utf8_is_visible(c)) {
		memcpy(shown, in.ptr, len);
		*shown_len = len;
		return len;
	}
	shown[used++] = '\\';
	if (len > 1) {
		int digits = 2;

		while (digits < 6 && c >> (4 * digits) != 0)
			digits++;
		shown[used++] = 'u';
		shown[used++] = '{';
		while (digits-- > 0)
			shown[used++] = hex[c >> (4 * digits) & 15];
		shown[used++] = '}';
	} else {
		unsigned char byte = (unsigned char)*in.ptr;

		shown[used++] = 'x';
		shown[used++] = hex[byte >> 4];
		shown[used++] = hex[byte & 15];
	}
	*shown_len = used;
	return MAX(len, (size_t)1);
}
