/* SPDX-License-Identifier: MIT */
/*
 * dlq_csv.c - fields of CSV that do nothing but be read.
 */
#include "supervisor/dlq/dlq_csv.h"
#include "common/base/visible_text.h"

#include <stdlib.h>
#include <string.h>

void
dlq_csv_print(FILE *out, struct span text)
{
	char *visible = visible_text_new(text, 0);
	bool is_formula = text.len > 0 && memchr("=+-@\t\r\n", text.ptr[0], 7) != NULL;

	if (!is_formula && strpbrk(visible, "\",;' ") == NULL) {
		fputs(visible, out);
	} else {
		fputs(is_formula ? "\"'" : "\"", out);
		for (const char *p = visible; *p != '\0'; p++) {
			if (*p == '"')
				fputc('"', out);
			fputc(*p, out);
		}
		fputc('"', out);
	}
	free(visible);
}
