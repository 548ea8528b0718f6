/* SPDX-License-Identifier: MIT */
/*
 * utf8.h - is it UTF-8 (RFC 3629), and if not, a text that shows what it is.
 *
 * Valid are the shortest forms of U+0000 to U+10FFFF without the surrogates U+D800 to U+DFFF. That
 * is also what a utf8mb4 column takes.
 */
#ifndef COMMON_BASE_UTF8_H
#define COMMON_BASE_UTF8_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/span.h"

/* One invalid byte becomes this many. */
#define UTF8_ESCAPE_LEN 4

bool utf8_valid(struct span in);

/* How many bytes utf8_escape() writes: in.len for valid text, at most 4 * in.len. */
size_t utf8_escaped_len(struct span in);

/*
 * Copy with every invalid byte written as nginx does: \xHH, two upper-case digits. Valid sequences,
 * backslashes among them, are copied as they are, so the text is for reading: the way back to the
 * bytes is not always known. out_size must be at least utf8_escaped_len(in) (4 * in.len always is);
 * no NUL is added. Returns the bytes written.
 */
size_t utf8_escape(struct span in, char *out, size_t out_size);

/* The first character of the text. Returns its length in bytes, or 0 when that is not UTF-8. */
size_t utf8_decode(struct span in, uint32_t *character);

/*
 * May this character be shown on a terminal as it is? Not: controls (C0, DEL, C1), marks and
 * overrides of direction, line separators, and what Unicode calls default ignorable (zero width,
 * joiners, soft hyphen, byte order mark, variation selectors, tags).
 */
bool utf8_is_visible(uint32_t character);

/* Room for a character as utf8_show() writes it. */
#define UTF8_SHOWN_MAX 12

/*
 * The first character of the text (not empty) so that it is seen: as it is when it is visible; \xHH
 * for a control of ASCII and for a byte that is not UTF-8; else \u{HEX}. No NUL is added; *shown_len
 * is 1 to UTF8_SHOWN_MAX, and above the bytes read only when it is escaped. Returns the bytes read.
 */
size_t utf8_show(struct span in, char shown[UTF8_SHOWN_MAX], size_t *shown_len);

#endif
