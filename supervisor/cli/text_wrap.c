/* SPDX-License-Identifier: MIT */
/*
 * text_wrap.c - breaking lines.
 */
#include "supervisor/cli/text_wrap.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WRAP_MIN = 10 }; /* narrower than this no text is read anyway */

size_t
text_wrap_len(const char *text, size_t width)
{
	size_t len = strlen(text), end = width;

	if (len <= width)
		return len;
	while (end > 0 && text[end] != ' ')
		end--;
	if (end > 0)
		return end;
	for (end = width; end > 1 && ((unsigned char)text[end] & 0xc0) == 0x80;)
		end--;
	return end > 0 ? end : 1;
}

void
text_wrap_print(FILE *out, const char *text, size_t width, size_t indent)
{
	size_t len;

	if (width == 0 || width < indent + WRAP_MIN) {
		fprintf(out, "%s\n", text);
		return;
	}
	for (size_t before = 0;; before = indent) {
		len = text_wrap_len(text, width - before);
		fprintf(out, "%*s%.*s\n", (int)before, "", (int)len, text);
		text += len;
		text += strspn(text, " ");
		if (*text == '\0')
			return;
	}
}

size_t
text_wrap_terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
		return 0;
	return size.ws_col;
}
