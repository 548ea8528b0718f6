/* SPDX-License-Identifier: MIT */
/*
 * visible_text.h - foreign text made harmless for a terminal: what a terminal would obey, and what
 * is invisible or changes the order of other characters, is written so that it is seen.
 *
 * Bytes that are not UTF-8 and the control characters of ASCII become \xHH, every other character
 * that is not visible (utf8_is_visible()) \u{HEX}. The text is for reading: a backslash of the text itself stays one backslash.
 */
#ifndef COMMON_BASE_VISIBLE_TEXT_H
#define COMMON_BASE_VISIBLE_TEXT_H

#include <stddef.h>
#include <stdio.h>

#include "common/base/span.h"

/*
 * Print at most max characters, then "…"; max 0 = all. An escaped character counts as what is
 * printed for it. With place (may be NULL) the column where byte number *place starts replaces it,
 * for a caret below.
 */
void visible_text_print(FILE *out, struct span text, size_t max, size_t *place);

/* The same in new memory. */
char *visible_text_new(struct span text, size_t max);

#endif
