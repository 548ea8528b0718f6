/* SPDX-License-Identifier: MIT */
/*
 * dlq_list.c - `sluicectl dlq list`: letter by letter.
 */
#include "supervisor/dlq/dlq_entry.h"
#include "supervisor/dlq/dlq_group.h"
#include "supervisor/dlq/dlq_id.h"
#include "common/base/visible_text.h"
#include "supervisor/dlq/dlq_time.h"
#include "supervisor/dlq/dlq_walk.h"

#include <inttypes.h>
#include <stdio.h>

enum { LINE_COLUMNS = 150, DETAIL_COLUMNS = 200, PATH_COLUMNS = 120 };

static json_t *
letter_json(const void *record)
{
	const struct dlq_letter *letter = record;
	const struct message *message = &letter->delivery->message;
	char id[DLQ_ID_SIZE], group[DLQ_GROUP_SIZE];
	json_t *json = json_pack(
		"{s:s, s:s, s:s, s:o, s:o, s:o, s:I, s:I, s:I, s:b, s:o}", "id",
		dlq_id_text(letter->queue, letter->id, id), "queue",
		stage_table[letter->queue].name, "group",
		dlq_group_text(dlq_group_of(letter), group), "when", dlq_entry_time(letter->when_s),
		"reason", dlq_entry_text(letter->reason, 0), "detail",
		dlq_entry_text(letter->detail, 0), "lines", (json_int_t)letter->lines, "bytes",
		(json_int_t)message->body.len, "retries", (json_int_t)letter->retries, "held",
		(int)letter->held, "line", dlq_entry_text(letter->line, 400));

	json_object_set_new(json, "source",
			    message->source.ptr != NULL ? dlq_entry_text(message->source, 0)
							: json_null());
	json_object_set_new(json, "offset",
			    message->offset >= 0 ? json_integer(message->offset) : json_null());
	return json;
}

static void
print_letter(const void *record, FILE *out)
{
	const struct dlq_letter *letter = record;
	const struct message *message = &letter->delivery->message;
	char id[DLQ_ID_SIZE], when[32];

	fprintf(out, "%s  %s  ", dlq_id_text(letter->queue, letter->id, id),
		dlq_time_or_dash(letter->when_s, when));
	visible_text_print(out, letter->reason, DETAIL_COLUMNS, NULL);
	if (message->source.ptr != NULL) {
		fprintf(out, "  ");
		visible_text_print(out, message->source, PATH_COLUMNS, NULL);
		if (message->offset >= 0)
			fprintf(out, ":%" PRId64, message->offset);
	}
	if (letter->lines != 1)
		fprintf(out, "  %zu lines", letter->lines);
	if (letter->retries > 0)
		fprintf(out, "  retried %" PRId64, letter->retries);
	fprintf(out, "%s\n    ", letter->held ? "  held" : "");
	visible_text_print(out, letter->detail, DETAIL_COLUMNS, NULL);
	fprintf(out, "\n    ");
	visible_text_print(out, letter->line, LINE_COLUMNS, NULL);
	fprintf(out, "\n");
}

static bool
list_letter(void *context, const struct dlq_letter *letter, struct delivery **delivery UNUSED)
{
	const struct dlq_run *run = context;
	const struct output *output = &run->call->output;
	char id[DLQ_ID_SIZE];

	if (run->ids_only)
		fprintf(output->stream, "%s\n", dlq_id_text(letter->queue, letter->id, id));
	else
		output_record(output, letter, letter_json, print_letter);
	return !ferror(output->stream);
}

int
dlq_list(struct dlq_run *run)
{
	int code;

	run->select.with_held = true;
	code = dlq_walk(run, false, list_letter, run);
	dlq_walk_report_empty(run, code);
	return code;
}
