/* SPDX-License-Identifier: MIT */
/*
 * text_wrap.h - long lines for people: broken between words, not where the terminal ends.
 */
#ifndef SUPERVISOR_CLI_TEXT_WRAP_H
#define SUPERVISOR_CLI_TEXT_WRAP_H

#include <stddef.h>
#include <stdio.h>

/*
 * How many bytes of the text go into a line of so many columns: up to a space if there is one, and
 * no half character; at least one character. Wide characters are not known: a byte is a column.
 */
size_t text_wrap_len(const char *text, size_t width);

/*
 * Print the text and a line end, in lines of so many columns (0 = one line); all but the first begin
 * with indent spaces.
 */
void text_wrap_print(FILE *out, const char *text, size_t width, size_t indent);

/* The columns of the terminal that standard output is; 0 when it is none, or does not say. */
size_t text_wrap_terminal_width(void);

#endif
