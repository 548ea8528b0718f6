/* SPDX-License-Identifier: MIT */
/*
 * row_check.c - valid UTF-8, and no text longer than its column.
 */
#include "common/worker/row_check.h"
#include "common/base/utf8.h"

#include <stdio.h>

/* Characters of valid UTF-8. */
static size_t
characters(struct span text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
	return count;
}

static void
make_valid_utf8(struct span *text, struct arena *arena)
{
	size_t len;
	char *copy;

	if (text->ptr == NULL || utf8_valid(*text))
		return;
	len = utf8_escaped_len(*text);
	copy = arena_alloc(arena, len + 1);
	utf8_escape(*text, copy, len);
	*text = (struct span){.ptr = copy, .len = len};
}

enum reason
row_check(const struct table *table, void *row, bool is_utf8, struct arena *arena, char *detail,
	  size_t detail_size)
{
	for (size_t i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];
		struct span *text = (struct span *)(void *)((char *)row + column->offset);
		size_t count;

		if (column->type != COLUMN_TEXT)
			continue;
		if (!is_utf8)
			make_valid_utf8(text, arena);
		if (column->max_chars == 0 || text->len <= column->max_chars)
			continue;
		count = characters(*text);
		if (count <= column->max_chars)
			continue;
		snprintf(detail, detail_size, "%s: %zu characters, the column takes %zu",
			 column->name, count, column->max_chars);
		return REASON_FIELD_TOO_LONG;
	}
	return REASON_NONE;
}
