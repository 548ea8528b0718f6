/* SPDX-License-Identifier: MIT */
/*
 * test_text_table.c - a table for people, and no byte in it that a terminal obeys.
 */
#include "supervisor/cli/text_table.h"
#include "common/base/defs.h"
#include "common/base/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

static void
test_cells(void **state UNUSED)
{
	struct libscols_table *table;
	struct libscols_line *line;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	setenv("NO_COLOR", "1", 1);
	setlocale(LC_CTYPE, "C.UTF-8"); /* widths of columns */
	table = text_table_new();
	text_table_column(table, "NAME", false);
	text_table_column(table, "COUNT", true);
	text_table_column(table, "ERROR", false);
	line = text_table_row(table);
	text_table_cell(line, 0, xstrdup("lake"), "red");
	text_table_cell(line, 1, xstrdup("7"), NULL);
	text_table_cell(line, 2, xstrdup("a\x1b[2J\xe2\x80\xae\xe2\x80\x8b z"), NULL);
	line = text_table_row(table);
	text_table_cell(line, 0, xstrdup("\xc3\xbc"), NULL);
	text_table_cell(line, 1, xstrdup("12"), NULL);
	text_table_print(table, out);
	fclose(out);
	assert_string_equal(text, "NAME COUNT ERROR\n"
				  "lake     7 a\\x1B[2J\\u{202E}\\u{200B} z\n"
				  "\xc3\xbc       12 \n");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cells)};

	return cmocka_run_group_tests_name("text_table", tests, NULL, NULL);
}
