/* SPDX-License-Identifier: MIT */
/*
 * ctl_table.c - tables on standard output; the only file that knows libsmartcols.
 */
#include "common/base/log.h"
#include "supervisor/cli/ctl.h"

#include <libsmartcols.h>
#include <stdio.h>

struct libscols_table *
ctl_table_new(void)
{
	struct libscols_table *table = scols_new_table();

	if (table == NULL)
		fatal("cannot make a table: out of memory");
	scols_table_enable_colors(table, ctl_has_colour());
	return table;
}

void
ctl_table_column(struct libscols_table *table, const char *title, bool right)
{
	if (scols_table_new_column(table, title, 0, right ? SCOLS_FL_RIGHT : 0) == NULL)
		fatal("cannot make a table: out of memory");
}

struct libscols_line *
ctl_table_row(struct libscols_table *table)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);

	if (line == NULL)
		fatal("cannot make a table: out of memory");
	return line;
}

void
ctl_table_cell(struct libscols_line *line, size_t column, char *text, const char *colour)
{
	if (scols_line_refer_data(line, column, text) != 0)
		fatal("cannot make a table: out of memory");
	if (colour != NULL)
		scols_cell_set_color(scols_line_get_cell(line, column), colour);
}

void
ctl_table_print(struct libscols_table *table)
{
	fflush(stdout);
	scols_print_table(table);
	scols_unref_table(table);
}
