/* SPDX-License-Identifier: MIT */
/*
 * audit_report.h - what an audit found, for people and for programs.
 */
#ifndef SUPERVISOR_AUDIT_AUDIT_REPORT_H
#define SUPERVISOR_AUDIT_AUDIT_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "supervisor/audit/audit.h"

/* Lines that are missing, each counted once per table that lacks it. */
uint64_t audit_report_missing(const struct audit_result *result);

/* What output_answer() is given. Files are those that audit_line() was given numbers of. */
struct audit_report {
	const struct audit_result *result;
	char **files;
};
json_t *audit_report_json(const void *answer);
void audit_report_text(const void *answer, FILE *out);

#endif
