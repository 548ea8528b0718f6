/* SPDX-License-Identifier: MIT */
/*
 * text_table.c - the only file that knows libsmartcols.
 */
#include "supervisor/cli/text_table.h"
#include "common/base/log.h"
#include "common/base/visible_text.h"
#include "supervisor/cli/output.h"

#include <libsmartcols.h>
#include <stdlib.h>

NO_RETURN static void
text_table_fail(void)
{
	fatal("cannot make a table: out of memory");
}

struct libscols_table *
text_table_new(void)
{
	struct libscols_table *table = scols_new_table();

	if (table == NULL)
		text_table_fail();
	scols_table_enable_colors(table, output_has_colour());
	/* cells are visible text: it would escape the backslashes once more */
	scols_table_enable_noencoding(table, 1);
	return table;
}

void
text_table_column(struct libscols_table *table, const char *title, bool right)
{
	if (scols_table_new_column(table, title, 0, right ? SCOLS_FL_RIGHT : 0) == NULL)
		text_table_fail();
}

struct libscols_line *
text_table_row(struct libscols_table *table)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);

	if (line == NULL)
		text_table_fail();
	return line;
}

void
text_table_cell(struct libscols_line *line, size_t column, char *text, const char *colour)
{
	char *visible = visible_text_new(span_of(text), 0);

	free(text);
	if (scols_line_refer_data(line, column, visible) != 0)
		text_table_fail();
	if (colour != NULL)
		scols_cell_set_color(scols_line_get_cell(line, column), colour);
}

void
text_table_print(struct libscols_table *table, FILE *out)
{
	fflush(out);
	if (scols_table_set_stream(table, out) != 0 || scols_print_table(table) != 0)
		text_table_fail();
	scols_unref_table(table);
}
