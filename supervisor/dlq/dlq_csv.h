/* SPDX-License-Identifier: MIT */
/*
 * dlq_csv.h - fields for spreadsheets.
 */
#ifndef SUPERVISOR_DLQ_DLQ_CSV_H
#define SUPERVISOR_DLQ_DLQ_CSV_H

#include <stdio.h>

#include "common/base/span.h"

/*
 * One field of CSV, quoted when it must be. What a terminal would obey is escaped
 * (visible_text.h); what a spreadsheet would take for a formula (= + - @ tab or return at its
 * start) gets a ' in front.
 */
void dlq_csv_print(FILE *out, struct span text);

#endif
