/* SPDX-License-Identifier: MIT */
/*
 * dlq_text.h - foreign bytes for terminals and spreadsheets; times as people write them.
 */
#ifndef SUPERVISOR_DLQ_DLQ_TEXT_H
#define SUPERVISOR_DLQ_DLQ_TEXT_H

#include <stdint.h>
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

/*
 * One field of CSV, quoted when it must be: escaped as above, and with a ' in front when a
 * spreadsheet would take it for a formula (= + - @ tab or return at its start).
 */
void dlq_print_csv(FILE *out, struct span text);

/*
 * A time: "2026-11-23", "2026-11-23 19:03[:14]" (UTC, as all that is printed; or with +hh:mm),
 * "@SECONDS", or "30s", "5m", "2h", "3d" ago. now_s: the present. Returns 0 or -1.
 */
int dlq_parse_time(const char *text, int64_t now_s, int64_t *out_s) MUST_CHECK;

/* "2026-11-23T19:03:14Z"; dlq_when() has "-" for 0, unknown */
const char *dlq_utc_time(int64_t when_s, char out[32]);
const char *dlq_when(int64_t when_s, char out[32]);

#endif
