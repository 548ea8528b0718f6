/* SPDX-License-Identifier: MIT */
/*
 * ctl_text.c - foreign text for terminals, and JSON members with fallbacks.
 */
#include "common/base/utf8.h"
#include "common/base/xalloc.h"
#include "supervisor/cli/ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *
append_hex(char *to, unsigned char byte)
{
	static const char digits[] = "0123456789ABCDEF";

	*to++ = '\\';
	*to++ = 'x';
	*to++ = digits[byte >> 4];
	*to++ = digits[byte & 15];
	return to;
}

char *
ctl_visible(const char *text)
{
	struct span in = span_of(text);
	size_t len = utf8_escaped_len(in);
	char *valid = xcalloc(len + 1, 1), *out = xcalloc(4 * len + 1, 1);
	char *to = out;

	utf8_escape(in, valid, len);
	for (const unsigned char *p = (const unsigned char *)valid; *p != '\0'; p++) {
		/*
		 * C2 80 to C2 9F are U+0080 to U+009F: some terminals obey them like ESC sequences.
		 */
		bool is_c1 = *p == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f;

		if (is_c1) {
			to = append_hex(to, *p++);
			to = append_hex(to, *p);
		} else if (*p < 0x20 || *p == 0x7f) {
			to = append_hex(to, *p);
		} else {
			*to++ = (char)*p;
		}
	}
	free(valid);
	return out;
}

bool
ctl_has_colour(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && (no_color == NULL || no_color[0] == '\0') && term != NULL &&
	       strcmp(term, "dumb") != 0;
}

const char *
ctl_text(const json_t *object, const char *name, const char *fallback)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : fallback;
}

double
ctl_number(const json_t *object, const char *name, double fallback)
{
	const json_t *value = json_object_get(object, name);

	return json_is_number(value) ? json_number_value(value) : fallback;
}

void
ctl_print_json(const json_t *data)
{
	json_dumpf(data, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
	putchar('\n');
}
