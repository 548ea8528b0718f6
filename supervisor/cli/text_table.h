/* SPDX-License-Identifier: MIT */
/*
 * text_table.h - tables for people: libsmartcols without its errors (it fails only for want of
 * memory, which ends sluicectl).
 */
#ifndef SUPERVISOR_CLI_TEXT_TABLE_H
#define SUPERVISOR_CLI_TEXT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct libscols_table;
struct libscols_line;

struct libscols_table *text_table_new(void);

/* right: its cells stand at the right, as numbers do. */
void text_table_column(struct libscols_table *table, const char *title, bool right);

struct libscols_line *text_table_row(struct libscols_table *table);

/*
 * text is new memory, now the table's; it may be foreign and is made visible. colour may be NULL.
 */
void text_table_cell(struct libscols_line *line, size_t column, char *text, const char *colour);

/* Print it and free it. */
void text_table_print(struct libscols_table *table, FILE *out);

#endif
