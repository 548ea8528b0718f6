/* SPDX-License-Identifier: MIT */
/*
 * dlq_list.c - `sluicectl dlq groups`, `list`, `check`: looking without moving anything.
 */
#include "common/base/log.h"
#include "common/message/reason.h"
#include "common/base/utf8.h"
#include "common/base/xalloc.h"
#include "supervisor/dlq/dlq.h"
#include "supervisor/dlq/dlq_archive.h"
#include "supervisor/dlq/dlq_group_table.h"
#include "supervisor/dlq/dlq_text.h"
#include "supervisor/dlq/dlq_today.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LINE_COLUMNS = 150, DETAIL_COLUMNS = 200, PATH_COLUMNS = 120 };

static json_t *
visible_json(struct span text, size_t max)
{
	size_t len = utf8_escaped_len(text);
	char *valid = xcalloc(len + 1, 1);
	json_t *json;

	utf8_escape(text, valid, len);
	if (max > 0 && len > max)
		for (len = max; len > 0 && ((unsigned char)valid[len] & 0xc0) == 0x80;)
			len--;
	json = json_stringn(valid, len);
	free(valid);
	return json;
}

static json_t *
dlq_list_time_json(int64_t when_s)
{
	char text[32];

	return when_s != 0 ? json_string(dlq_utc_time(when_s, text)) : json_null();
}

/* --- groups --- */

static bool
count_letter(void *context, const struct dlq_letter *letter, struct delivery **delivery UNUSED)
{
	dlq_group_table_add(context, letter);
	return true;
}

static json_t *
group_json(const struct dlq_group_row *row, bool checked)
{
	char group[DLQ_GROUP_SIZE], id[DLQ_ID_SIZE];
	json_t *json = json_pack(
		"{s:s, s:s, s:o, s:s, s:o, s:I, s:I, s:I, s:o, s:o, s:s, s:o}", "group",
		dlq_group_text(row->group, group), "queue", dlq_queues[row->queue].name, "reason",
		visible_json(span_of(row->reason), 0), "pattern", row->pattern, "detail",
		visible_json((struct span){row->detail, row->detail_len}, 0), "letters",
		(json_int_t)row->letters, "lines", (json_int_t)row->lines, "held",
		(json_int_t)row->held, "oldest", dlq_list_time_json(row->oldest_s), "newest",
		dlq_list_time_json(row->newest_s), "example",
		dlq_id_text(row->queue, row->example, id), "line",
		visible_json((struct span){row->line, row->line_len}, 0));

	if (checked) {
		json_object_set_new(json, "would_pass", json_integer((json_int_t)row->would_pass));
		json_object_set_new(json, "still",
				    row->still[0] != '\0' ? visible_json(span_of(row->still), 0)
							  : json_null());
	}
	return json;
}

static void
print_group(const struct dlq_group_row *row, bool checked)
{
	char group[DLQ_GROUP_SIZE], id[DLQ_ID_SIZE], oldest[32], newest[32];

	printf("%s  %-5s  %8" PRIu64, dlq_group_text(row->group, group),
	       dlq_queues[row->queue].name, row->letters);
	if (checked)
		printf("  %8" PRIu64 " would pass", row->would_pass);
	printf("  %s to %s  ", dlq_when(row->oldest_s, oldest), dlq_when(row->newest_s, newest));
	dlq_print_visible(stdout, span_of(row->reason), 0, NULL);
	if (row->held > 0)
		printf("  (%" PRIu64 " held)", row->held);
	if (row->lines != row->letters)
		printf("  (%" PRIu64 " lines)", row->lines);
	printf(row->differs && row->detail_len > 0 ? "\n          like: " : "\n          ");
	dlq_print_visible(stdout, (struct span){row->detail, row->detail_len}, DETAIL_COLUMNS,
			  NULL);
	printf("\n");
	if (row->still[0] != '\0') {
		printf("          still: ");
		dlq_print_visible(stdout, span_of(row->still), DETAIL_COLUMNS, NULL);
		printf("\n");
	}
	printf("          %s  ", dlq_id_text(row->queue, row->example, id));
	dlq_print_visible(stdout, (struct span){row->line, row->line_len}, LINE_COLUMNS, NULL);
	printf("\n");
}

static void
print_groups(const struct dlq_run *run, struct dlq_group_table *table, bool checked)
{
	uint64_t letters = 0, pass = 0;
	size_t count;
	const struct dlq_group_row *rows = dlq_group_table_rows(table, &count);

	for (size_t i = 0; i < count; i++) {
		letters += rows[i].letters;
		pass += rows[i].would_pass;
		if (run->json) {
			json_t *json = group_json(&rows[i], checked);

			dlq_json_line(stdout, json);
			json_decref(json);
		} else {
			print_group(&rows[i], checked);
		}
	}
	if (!run->json && checked)
		printf("%" PRIu64 " of %" PRIu64 " letters would pass\n", pass, letters);
	else if (!run->json)
		printf("%" PRIu64 " letters, %zu groups\n", letters, count);
}

/* Figures of nothing say nothing. */
static bool
is_empty_choice(const struct dlq_run *run)
{
	return run->selected == 0 && (run->select.by_id || dlq_select_filters(&run->select));
}

int
dlq_groups(struct dlq_run *run)
{
	struct dlq_group_table *table = dlq_group_table_new();
	int code;

	run->select.with_held = true;
	code = dlq_walk(run, false, count_letter, table);
	dlq_say_nothing_found(run, code);
	if (code == CTL_OK && !is_empty_choice(run))
		print_groups(run, table, false);
	dlq_group_table_free(&table);
	return code;
}

/* --- check --- */

struct check {
	struct dlq_run *run;
	struct dlq_group_table *table;
	struct dlq_today *today[DLQ_QUEUES];
};

static bool
check_letter(void *context, const struct dlq_letter *letter, struct delivery **delivery)
{
	struct check *check = context;
	struct dlq_run *run = check->run;
	struct dlq_group_row *row = dlq_group_table_add(check->table, letter);
	struct dlq_today **today = &check->today[letter->queue];
	char detail[DLQ_PATTERN_SIZE] = "";
	const char *reason = dlq_flaw_reason(letter->flaw);
	bool passes = false;

	if (*today == NULL)
		*today = dlq_today_new(run->settings, letter->queue, run->format, run->keep_format);
	if (letter->flaw != DLQ_SOUND)
		dlq_flaw_text(letter, detail);
	else
		passes = dlq_today_check(*today, delivery, &reason, detail) == 0;
	if (passes)
		row->would_pass++;
	else if (row->still[0] == '\0')
		snprintf(row->still, sizeof(row->still), "%s: %.200s", reason, detail);
	return true;
}

int
dlq_check(struct dlq_run *run)
{
	struct check check = {.run = run, .table = dlq_group_table_new()};
	int code;

	run->select.with_held = true;
	code = dlq_walk(run, false, check_letter, &check);
	dlq_say_nothing_found(run, code);
	if (code == CTL_OK && !is_empty_choice(run))
		print_groups(run, check.table, true);
	for (size_t i = 0; i < DLQ_QUEUES; i++)
		dlq_today_free(&check.today[i]);
	dlq_group_table_free(&check.table);
	return code;
}

/* --- list --- */

static json_t *
letter_json(const struct dlq_letter *letter)
{
	const struct message *message = &letter->delivery->message;
	char id[DLQ_ID_SIZE], group[DLQ_GROUP_SIZE];
	json_t *json = json_pack(
		"{s:s, s:s, s:s, s:o, s:o, s:o, s:I, s:I, s:I, s:b, s:o}", "id",
		dlq_id_text(letter->queue, letter->id, id), "queue", dlq_queues[letter->queue].name,
		"group", dlq_group_text(dlq_letter_group(letter), group), "when",
		dlq_list_time_json(letter->when_s), "reason", visible_json(letter->reason, 0),
		"detail", visible_json(letter->detail, 0), "lines", (json_int_t)letter->lines,
		"bytes", (json_int_t)message->body.len, "retries", (json_int_t)letter->retries,
		"held", (int)letter->held, "line", visible_json(letter->line, 400));

	json_object_set_new(json, "source",
			    message->source.ptr != NULL ? visible_json(message->source, 0)
							: json_null());
	json_object_set_new(json, "offset",
			    message->offset >= 0 ? json_integer(message->offset) : json_null());
	return json;
}

static void
dlq_list_print_letter(const struct dlq_letter *letter)
{
	const struct message *message = &letter->delivery->message;
	char id[DLQ_ID_SIZE], when[32];

	printf("%s  %s  ", dlq_id_text(letter->queue, letter->id, id),
	       dlq_when(letter->when_s, when));
	dlq_print_visible(stdout, letter->reason, DETAIL_COLUMNS, NULL);
	if (message->source.ptr != NULL) {
		printf("  ");
		dlq_print_visible(stdout, message->source, PATH_COLUMNS, NULL);
		if (message->offset >= 0)
			printf(":%" PRId64, message->offset);
	}
	if (letter->lines != 1)
		printf("  %zu lines", letter->lines);
	if (letter->retries > 0)
		printf("  retried %" PRId64, letter->retries);
	printf("%s\n    ", letter->held ? "  held" : "");
	dlq_print_visible(stdout, letter->detail, DETAIL_COLUMNS, NULL);
	printf("\n    ");
	dlq_print_visible(stdout, letter->line, LINE_COLUMNS, NULL);
	printf("\n");
}

static bool
list_letter(void *context, const struct dlq_letter *letter, struct delivery **delivery UNUSED)
{
	const struct dlq_run *run = context;
	char id[DLQ_ID_SIZE];

	if (run->ids_only) {
		puts(dlq_id_text(letter->queue, letter->id, id));
	} else if (run->json) {
		json_t *json = letter_json(letter);

		dlq_json_line(stdout, json);
		json_decref(json);
	} else {
		dlq_list_print_letter(letter);
	}
	return !ferror(stdout);
}

int
dlq_list(struct dlq_run *run)
{
	int code;

	run->select.with_held = true;
	code = dlq_walk(run, false, list_letter, run);
	dlq_say_nothing_found(run, code);
	return code;
}
