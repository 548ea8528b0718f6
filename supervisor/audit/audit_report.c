/* SPDX-License-Identifier: MIT */
/*
 * audit_report.c - the answer of `sluicectl audit`, for people and for programs.
 */
#include "supervisor/audit/audit_report.h"
#include "common/base/visible_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

uint64_t
audit_report_missing(const struct audit_result *result)
{
	uint64_t missing = 0;

	for (int q = 0; q < STAGE_COUNT; q++)
		missing += result->queue[q].missing;
	return missing;
}

static json_t *
audit_report_queue_json(const struct audit_result *result, int q)
{
	return json_pack(
		"{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "table", stage_table[q].table,
		"dead_queue", stage_table[q].dead_queue, "stored",
		(json_int_t)result->queue[q].stored, "elsewhere",
		(json_int_t)result->queue[q].elsewhere, "dead", (json_int_t)result->queue[q].dead,
		"archived", (json_int_t)result->queue[q].archived, "both",
		(json_int_t)result->queue[q].both, "missing", (json_int_t)result->queue[q].missing,
		"dead_lines_in_queue", (json_int_t)result->queue[q].letter_lines[AUDIT_DEAD],
		"lines_in_archive", (json_int_t)result->queue[q].letter_lines[AUDIT_ARCHIVE]);
}

json_t *
audit_report_json(const void *answer)
{
	const struct audit_report *report = answer;
	const struct audit_result *result = report->result;
	json_t *queues = json_object(), *missing = json_array();

	for (int q = 0; q < STAGE_COUNT; q++)
		json_object_set_new(queues, stage_table[q].queue,
				    audit_report_queue_json(result, q));
	for (size_t i = 0; i < result->missing_count; i++) {
		const struct audit_missing *m = &result->missing[i];
		char *file = visible_text_new(span_of(report->files[m->file]), 0);
		json_t *in = json_array();

		for (int q = 0; q < STAGE_COUNT; q++)
			if (m->queues & 1u << q)
				json_array_append_new(in, json_string(stage_table[q].queue));
		json_array_append_new(missing, json_pack("{s:s, s:I, s:o}", "file", file, "offset",
							 (json_int_t)m->offset, "queues", in));
		free(file);
	}
	return json_pack("{s:b, s:I, s:I, s:I, s:I, s:o, s:I, s:o}", "ok",
			 audit_report_missing(result) == 0, "lines", (json_int_t)result->lines,
			 "distinct", (json_int_t)result->distinct, "unfinished",
			 (json_int_t)result->unfinished, "too_long", (json_int_t)result->too_long,
			 "queues", queues, "missing", (json_int_t)audit_report_missing(result),
			 "missing_lines", missing);
}

static void
print_missing(const struct audit_report *report, FILE *out)
{
	const struct audit_result *result = report->result;

	for (size_t i = 0; i < result->missing_count; i++) {
		const struct audit_missing *m = &result->missing[i];
		char *file = visible_text_new(span_of(report->files[m->file]), 0);

		fprintf(out, "missing: %s:%" PRId64 " in", file, m->offset);
		for (int q = 0; q < STAGE_COUNT; q++)
			if (m->queues & 1u << q)
				fprintf(out, " %s", stage_table[q].table);
		fprintf(out, "\n");
		free(file);
	}
}

void
audit_report_text(const void *answer, FILE *out)
{
	const struct audit_report *report = answer;
	const struct audit_result *result = report->result;

	fprintf(out, "%" PRIu64 " line%s, %" PRIu64 " distinct", result->lines,
		PLURAL(result->lines), result->distinct);
	if (result->too_long > 0)
		fprintf(out, ", %" PRIu64 " of them too long for a row", result->too_long);
	if (result->unfinished > 0)
		fprintf(out, "; %" PRIu64 " unfinished at the end of a file: not yet a line",
			result->unfinished);
	fprintf(out, "\n\n%-10s %12s %12s %12s %12s\n", "TABLE", "ROWS", "DEAD LETTERS", "ARCHIVED",
		"MISSING");
	for (int q = 0; q < STAGE_COUNT; q++)
		fprintf(out, "%-10s %12" PRIu64 " %12" PRIu64 " %12" PRIu64 " %12" PRIu64 "\n",
			stage_table[q].table, result->queue[q].stored, result->queue[q].dead,
			result->queue[q].archived, result->queue[q].missing);
	for (int q = 0; q < STAGE_COUNT; q++)
		if (result->queue[q].both > 0)
			fprintf(out, "%" PRIu64 " of the rows of %s are also in %s\n",
				result->queue[q].both, stage_table[q].table,
				stage_table[q].dead_queue);
	for (int q = 0; q < STAGE_COUNT; q++)
		if (result->queue[q].elsewhere > 0)
			fprintf(out,
				"%" PRIu64 " of the rows of %s stand under another time than "
				"their line's\n",
				result->queue[q].elsewhere, stage_table[q].table);
	fprintf(out, "\n");
	print_missing(report, out);
	if (audit_report_missing(result) == 0)
		fprintf(out, "nothing is missing\n");
	else
		fprintf(out,
			"missing now; lines that are on their way count too: look again when the "
			"queues are empty\n");
}
