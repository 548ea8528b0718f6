/* SPDX-License-Identifier: MIT */
/*
 * table.c - what SQL statements about a table have in common.
 */
#include "common/database/table.h"
#include "common/base/xalloc.h"

#include <stdlib.h>

char *
table_column_names(const struct table *table)
{
	char *names = xstrdup("");

	for (size_t i = 0; i < table->column_count; i++) {
		char *longer =
			xasprintf("%s%s`%s`", names, i > 0 ? ", " : "", table->columns[i].name);

		free(names);
		names = longer;
	}
	return names;
}
