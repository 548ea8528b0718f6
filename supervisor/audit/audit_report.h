/* SPDX-License-Identifier: MIT */
/*
 * audit_report.h - print what an audit found. Files are those that audit_line() was given numbers
 * of.
 */
#ifndef SUPERVISOR_AUDIT_AUDIT_REPORT_H
#define SUPERVISOR_AUDIT_AUDIT_REPORT_H

#include "supervisor/audit/audit.h"

/* Lines that are missing, each counted once per table that lacks it. */
uint64_t audit_report_missing(const struct audit_result *result);

void audit_report_json(const struct audit_result *result, char **files);
void audit_report_text(const struct audit_result *result, char **files);

#endif
