/* SPDX-License-Identifier: MIT */
#include "supervisor/dlq/dlq_entry.h"
#include "supervisor/dlq/dlq_group_stats.h"
#include "supervisor/dlq/dlq_id.h"
#include "common/base/visible_text.h"
#include "supervisor/dlq/dlq_time.h"
#include "supervisor/dlq/dlq_validator.h"
#include "supervisor/dlq/dlq_walk.h"

#include <inttypes.h>
#include <stdio.h>

/*
 * dlq_groups.c - `sluicectl dlq groups` and `check`: what died of what, and what would pass now.
 */
enum { LINE_COLUMNS = 150, DETAIL_COLUMNS = 200 };

static bool
count_letter(void *context, const struct dlq_letter *letter, struct delivery **delivery UNUSED)
{
	dlq_group_stats_add(context, letter);
	return true;
}

static json_t *
group_json(const void *record)
{
	const struct dlq_group_row *row = record;
	char group[DLQ_GROUP_SIZE], id[DLQ_ID_SIZE];
	json_t *json = json_pack(
		"{s:s, s:s, s:o, s:s, s:o, s:I, s:I, s:I, s:o, s:o, s:s, s:o}", "group",
		dlq_group_text(row->group, group), "queue", stage_table[row->queue].name, "reason",
		dlq_entry_text(span_of(row->reason), 0), "pattern", row->pattern, "detail",
		dlq_entry_text((struct span){row->detail, row->detail_len}, 0), "letters",
		(json_int_t)row->letters, "lines", (json_int_t)row->lines, "held",
		(json_int_t)row->held, "oldest", dlq_entry_time(row->oldest_s), "newest",
		dlq_entry_time(row->newest_s), "example", dlq_id_text(row->queue, row->example, id),
		"line", dlq_entry_text((struct span){row->line, row->line_len}, 0));

	return json;
}

static void
print_group(const struct dlq_group_row *row, bool checked, FILE *out)
{
	char group[DLQ_GROUP_SIZE], id[DLQ_ID_SIZE], oldest[32], newest[32];

	fprintf(out, "%s  %-5s  %8" PRIu64, dlq_group_text(row->group, group),
		stage_table[row->queue].name, row->letters);
	if (checked)
		fprintf(out, "  %8" PRIu64 " would pass", row->would_pass);
	fprintf(out, "  %s to %s  ", dlq_time_or_dash(row->oldest_s, oldest),
		dlq_time_or_dash(row->newest_s, newest));
	visible_text_print(out, span_of(row->reason), 0, NULL);
	if (row->held > 0)
		fprintf(out, "  (%" PRIu64 " held)", row->held);
	if (row->lines != row->letters)
		fprintf(out, "  (%" PRIu64 " lines)", row->lines);
	fprintf(out, row->differs && row->detail_len > 0 ? "\n          like: " : "\n          ");
	visible_text_print(out, (struct span){row->detail, row->detail_len}, DETAIL_COLUMNS, NULL);
	fprintf(out, "\n");
	if (row->still[0] != '\0') {
		fprintf(out, "          still: ");
		visible_text_print(out, span_of(row->still), DETAIL_COLUMNS, NULL);
		fprintf(out, "\n");
	}
	fprintf(out, "          %s  ", dlq_id_text(row->queue, row->example, id));
	visible_text_print(out, (struct span){row->line, row->line_len}, LINE_COLUMNS, NULL);
	fprintf(out, "\n");
}

static json_t *
checked_group_json(const void *record)
{
	const struct dlq_group_row *row = record;
	json_t *json = group_json(record);

	json_object_set_new(json, "would_pass", json_integer((json_int_t)row->would_pass));
	json_object_set_new(json, "still",
			    row->still[0] != '\0' ? dlq_entry_text(span_of(row->still), 0)
						  : json_null());
	return json;
}

static void
print_counted_group(const void *record, FILE *out)
{
	print_group(record, false, out);
}

static void
print_checked_group(const void *record, FILE *out)
{
	print_group(record, true, out);
}

static void
print_groups(const struct dlq_run *run, struct dlq_group_stats *table, bool checked)
{
	const struct output *output = &run->call->output;
	uint64_t letters = 0, pass = 0;
	size_t count;
	const struct dlq_group_row *rows = dlq_group_stats_rows(table, &count);

	for (size_t i = 0; i < count; i++) {
		letters += rows[i].letters;
		pass += rows[i].would_pass;
		output_record(output, &rows[i], checked ? checked_group_json : group_json,
			      checked ? print_checked_group : print_counted_group);
	}
	if (checked)
		output_note(output, "%" PRIu64 " of %" PRIu64 " letters would pass\n", pass,
			    letters);
	else
		output_note(output, "%" PRIu64 " letter%s, %zu group%s\n", letters,
			    letters == 1 ? "" : "s", count, count == 1 ? "" : "s");
}

/* Figures of nothing say nothing. */
static bool
is_empty_choice(const struct dlq_run *run)
{
	return run->selected == 0 && (run->select.by_id || dlq_select_has_filters(&run->select));
}

int
dlq_groups(struct dlq_run *run)
{
	struct dlq_group_stats *table = dlq_group_stats_new();
	int code;

	run->select.with_held = true;
	code = dlq_walk(run, false, count_letter, table);
	dlq_walk_report_empty(run, code);
	if (code == CTL_OK && !is_empty_choice(run))
		print_groups(run, table, false);
	dlq_group_stats_free(&table);
	return code;
}

/* --- check --- */

struct check {
	struct dlq_run *run;
	struct dlq_group_stats *table;
	struct dlq_validator *validators[STAGE_COUNT];
};

static bool
check_letter(void *context, const struct dlq_letter *letter, struct delivery **delivery)
{
	struct check *check = context;
	struct dlq_run *run = check->run;
	struct dlq_group_row *row = dlq_group_stats_add(check->table, letter);
	struct dlq_validator **validators = &check->validators[letter->queue];
	char detail[DLQ_DETAIL_SIZE] = "";
	const char *reason = dlq_letter_flaw_reason(letter->flaw);
	bool passes = false;

	if (*validators == NULL)
		*validators = dlq_validator_new(run->settings, letter->queue, run->format,
						run->keep_format);
	if (letter->flaw != DLQ_NO_FLAW)
		dlq_letter_flaw_text(letter, detail);
	else
		passes = dlq_validator_check(*validators, delivery, &reason, detail) == 0;
	if (passes)
		row->would_pass++;
	else if (row->still[0] == '\0')
		snprintf(row->still, sizeof(row->still), "%s: %.200s", reason, detail);
	return true;
}

int
dlq_check(struct dlq_run *run)
{
	struct check check = {.run = run, .table = dlq_group_stats_new()};
	int code;

	run->select.with_held = true;
	code = dlq_walk(run, false, check_letter, &check);
	dlq_walk_report_empty(run, code);
	if (code == CTL_OK && !is_empty_choice(run))
		print_groups(run, check.table, true);
	for (size_t i = 0; i < STAGE_COUNT; i++)
		dlq_validator_free(&check.validators[i]);
	dlq_group_stats_free(&check.table);
	return code;
}
