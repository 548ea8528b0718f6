/* SPDX-License-Identifier: MIT */
/*
 * visible_text.c - how unsafe characters are shown; which they are stands in utf8.c.
 */
#include "common/base/visible_text.h"
#include "common/base/log.h"
#include "common/base/utf8.h"

#include <inttypes.h>

void
visible_text_print(FILE *out, struct span text, size_t max, size_t *place)
{
	size_t columns = 0, wanted = place != NULL ? *place : SIZE_MAX;

	for (size_t i = 0, len; i < text.len; i += len) {
		uint32_t c;

		if (i <= wanted && place != NULL)
			*place = columns;
		if (max > 0 && columns >= max) {
			fputs("…", out);
			return;
		}
		len = utf8_decode((struct span){text.ptr + i, text.len - i}, &c);
		if (len == 0 || c < 0x80) {
			len = 1;
			c = (unsigned char)text.ptr[i];
			if (c < 0x80 && utf8_is_visible(c)) {
				fputc((int)c, out);
				columns++;
			} else {
				columns += (size_t)fprintf(out, "\\x%02" PRIX32, c);
			}
		} else if (utf8_is_visible(c)) {
			fwrite(text.ptr + i, 1, len, out);
			columns++;
		} else {
			columns += (size_t)fprintf(out, "\\u{%" PRIX32 "}", c);
		}
	}
	if (place != NULL && wanted >= text.len)
		*place = columns;
}

char *
visible_text_new(struct span text, size_t max)
{
	char *out = NULL;
	size_t size;
	FILE *memory = open_memstream(&out, &size);

	if (memory == NULL)
		fatal("out of memory while making a text visible");
	visible_text_print(memory, text, max, NULL);
	if (fclose(memory) != 0)
		fatal("out of memory while making a text visible");
	return out;
}
