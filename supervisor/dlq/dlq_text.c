/* SPDX-License-Identifier: MIT */
/*
 * dlq_text.c - foreign bytes made harmless.
 */
#include "supervisor/dlq/dlq_text.h"
#include "common/base/utf8.h"

#include <inttypes.h>
#include <stdlib.h>

/* Characters that a terminal obeys, or that change what the others look like. */
static const struct {
	uint32_t first, last;
} unsafe[] = {
	{0x80, 0x9f},	    /* C1 controls */
	{0xad, 0xad},	    /* soft hyphen */
	{0x61c, 0x61c},	    /* Arabic letter mark */
	{0x180e, 0x180e},   /* Mongolian vowel separator */
	{0x200b, 0x200f},   /* zero width, direction marks */
	{0x2028, 0x202e},   /* separators, embeddings and overrides */
	{0x2060, 0x206f},   /* joiners, isolates */
	{0xfeff, 0xfeff},   /* byte order mark */
	{0xfff9, 0xfffb},   /* annotations */
	{0xe0000, 0xe0fff}, /* tags, variation selectors */
};

static bool
is_unsafe(uint32_t c)
{
	for (size_t i = 0; i < ARRAY_LEN(unsafe); i++)
		if (c >= unsafe[i].first && c <= unsafe[i].last)
			return true;
	return false;
}

/* Length of the character at p and the character itself; length 0 = not UTF-8. */
static size_t
decode(const char *p, size_t rest, uint32_t *c)
{
	unsigned char lead = (unsigned char)*p;
	size_t len = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

	if (len > rest || !utf8_valid((struct span){p, len}))
		return 0;
	*c = len == 1 ? lead : lead & (0x7fu >> len);
	for (size_t i = 1; i < len; i++)
		*c = *c << 6 | ((unsigned char)p[i] & 0x3f);
	return len;
}

void
dlq_print_visible(FILE *out, struct span text, size_t max, size_t *place)
{
	size_t columns = 0, wanted = place != NULL ? *place : SIZE_MAX;

	for (size_t i = 0, len; i < text.len; i += len) {
		uint32_t c = 0;

		if (i <= wanted && place != NULL)
			*place = columns;
		if (max > 0 && columns >= max) {
			fputs("…", out);
			return;
		}
		len = decode(text.ptr + i, text.len - i, &c);
		if (len == 0 || c < 0x20 || c == 0x7f) {
			len = 1;
			columns += (size_t)fprintf(out, "\\x%02X", (unsigned char)text.ptr[i]);
		} else if (is_unsafe(c)) {
			columns += (size_t)fprintf(out, "\\u{%" PRIX32 "}", c);
		} else {
			fwrite(text.ptr + i, 1, len, out);
			columns++;
		}
	}
	if (place != NULL && wanted >= text.len)
		*place = columns;
}

char *
dlq_visible(struct span text, size_t max)
{
	char *out = NULL;
	size_t size;
	FILE *memory = open_memstream(&out, &size);

	if (memory == NULL)
		abort();
	dlq_print_visible(memory, text, max, NULL);
	fclose(memory);
	return out;
}
