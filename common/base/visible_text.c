/* SPDX-License-Identifier: MIT */
/*
 * visible_text.c - foreign text, character by character as utf8_show() shows it.
 */
#include "common/base/visible_text.h"
#include "common/base/log.h"
#include "common/base/utf8.h"

void
visible_text_print(FILE *out, struct span text, size_t max, size_t *place)
{
	size_t columns = 0, wanted = place != NULL ? *place : SIZE_MAX;

	for (size_t i = 0, len; i < text.len; i += len) {
		char shown[UTF8_SHOWN_MAX];
		size_t shown_len;

		if (i <= wanted && place != NULL)
			*place = columns;
		if (max > 0 && columns >= max) {
			fputs("…", out);
			return;
		}
		len = utf8_show((struct span){text.ptr + i, text.len - i}, shown, &shown_len);
		fwrite(shown, 1, shown_len, out);
		columns += shown_len > len ? shown_len : 1;
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
