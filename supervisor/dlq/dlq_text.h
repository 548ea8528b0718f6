/* SPDX-License-Identifier: MIT */
/*
 * dlq_text.h - foreign bytes for terminals.
 */
#ifndef SUPERVISOR_DLQ_DLQ_TEXT_H
#define SUPERVISOR_DLQ_DLQ_TEXT_H

#include <stdio.h>

#include "common/base/defs.h"
#include "common/base/span.h"

/*
 * Print what is safe on a terminal: control characters and bytes that are not UTF-8 as \xHH,
 * C1 controls, direction marks, line separators and other invisible characters as \u{HEX}. At most
 * max columns' worth of characters, then "…"; max 0 = all. With places (may be NULL) the column
 * where the byte number *places starts replaces it, for a caret below.
 */
void dlq_print_visible(FILE *out, struct span text, size_t max, size_t *place);

/* The same in new memory. */
char *dlq_visible(struct span text, size_t max);

#endif
