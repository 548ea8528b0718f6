/* SPDX-License-Identifier: MIT */
/*
 * row_check.h - a row that a role has filled: texts made valid UTF-8, lengths checked against the
 * columns. So most of what the database would refuse is known before it is sent.
 */
#ifndef COMMON_WORKER_ROW_CHECK_H
#define COMMON_WORKER_ROW_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/database/table.h"
#include "common/message/reason.h"

/*
 * REASON_NONE, or why the row cannot be stored, with a detail that names the column. Texts that are
 * not valid UTF-8 are replaced by escaped ones in the arena; is_utf8: none can be.
 */
enum reason row_check(const struct table *table, void *row, bool is_utf8, struct arena *arena,
		      char *detail, size_t detail_size);

#endif
