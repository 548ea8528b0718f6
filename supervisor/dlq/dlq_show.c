/* SPDX-License-Identifier: MIT */
/*
 * dlq_show.c - `sluicectl dlq show`: everything about a letter.
 */
#include "clean_worker/log_parse.h"
#include "common/broker/delivery_json.h"
#include "common/message/lines.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "supervisor/dlq/dlq_entry.h"
#include "supervisor/dlq/dlq_format.h"
#include "supervisor/dlq/dlq_group.h"
#include "supervisor/dlq/dlq_id.h"
#include "common/base/visible_text.h"
#include "supervisor/dlq/dlq_time.h"
#include "supervisor/dlq/dlq_walk.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sysexits.h>

enum { LINES_SHOWN = 20, LINE_MAX_COLUMNS = 20000 };

struct shown_letter {
	const struct dlq_run *run;
	const struct dlq_letter *letter;
};

/* A value as one line of JSON; a text as it is, made harmless. */
static void
dlq_show_print_value(FILE *out, const json_t *value)
{
	char *text = NULL;
	const json_t *time = json_object_get(value, "$time");
	char when[32];

	if (json_is_integer(time)) {
		fprintf(out, "%s", dlq_time_text(json_integer_value(time), when));
		return;
	}
	if (!json_is_string(value))
		text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	if (text != NULL)
		visible_text_print(out, span_of(text), 0, NULL);
	else
		visible_text_print(
			out, (struct span){json_string_value(value), json_string_length(value)}, 0,
			NULL);
	free(text);
}

static void
print_members(FILE *out, const json_t *object, const char *skip)
{
	for (void *iter = json_object_iter((json_t *)(uintptr_t)object); iter != NULL;
	     iter = json_object_iter_next((json_t *)(uintptr_t)object, iter)) {
		const char *name = json_object_iter_key(iter);
		char *visible;

		if (skip != NULL && strcmp(name, skip) == 0)
			continue;
		visible = visible_text_new(span_of(name), 60);
		fprintf(out, "  %-24s ", visible);
		dlq_show_print_value(out, json_object_iter_value(iter));
		fprintf(out, "\n");
		free(visible);
	}
}

static void
dlq_show_print_deaths(FILE *out, const json_t *deaths)
{
	for (size_t i = 0; i < json_array_size(deaths); i++) {
		fprintf(out, "death %zu at the broker, the newest first:\n", i + 1);
		print_members(out, json_array_get(deaths, i), NULL);
	}
}

/* The line, and below it a caret at the byte where reading stopped. */
static void
print_stop(FILE *out, const char *name, struct span line, const struct parse_error *error)
{
	size_t place = error->offset;

	fprintf(out, "format %s stopped at byte %zu: expected %s\n  ", name, error->offset + 1,
		error->expected);
	visible_text_print(out, line, LINE_MAX_COLUMNS, &place);
	fprintf(out, "\n  %*s^\n", (int)MIN(place, (size_t)LINE_MAX_COLUMNS), "");
}

static void
print_formats(FILE *out, struct span line)
{
	const char *all = SETTINGS_FORMATS;

	for (const char *p = all; *p != '\0'; p += *p == '|') {
		struct span name = {p, strcspn(p, "|")};
		const struct log_format *format = log_format_find(name);
		struct access_line fields;
		struct parse_error error = {.expected = NULL};

		p += name.len;
		if (format == NULL)
			continue;
		if (log_parse(format, line, &fields, &error) == REASON_NONE)
			fprintf(out, "format %s reads this line\n", log_format_name(format));
		else
			print_stop(out, log_format_name(format), line, &error);
	}
}

static void
print_lines(FILE *out, const struct dlq_letter *letter)
{
	struct line_reader reader = lines_of(message_lines(&letter->delivery->message));
	struct span line;
	size_t number = 0;

	while (lines_next(&reader, &line) && number < LINES_SHOWN) {
		number++;
		fprintf(out, letter->lines == 1 ? "line:\n  " : "line %zu:\n  ", number);
		visible_text_print(out, line, LINE_MAX_COLUMNS, NULL);
		fprintf(out, "\n");
	}
	if (letter->lines > LINES_SHOWN)
		fprintf(out, "and %zu more lines (sluicectl dlq export)\n",
			letter->lines - LINES_SHOWN);
}

static void
print_whole_letter(const void *record, FILE *out)
{
	const struct shown_letter *shown = record;
	const struct dlq_letter *letter = shown->letter;
	const struct message *message = &letter->delivery->message;
	json_t *properties = delivery_json_properties(letter->delivery);
	const json_t *headers = json_object_get(properties, "headers");
	const char *format = dlq_format_of_input(shown->run->settings, message->source);
	char id[DLQ_ID_SIZE], group[DLQ_GROUP_SIZE], when[32];

	if (shown->run->selected > 1)
		fprintf(out, "\n");
	fprintf(out, "%s  group %s  in %s%s\n", dlq_id_text(letter->queue, letter->id, id),
		dlq_group_text(dlq_group_of(letter), group), stage_table[letter->queue].dead_queue,
		letter->held ? "  held" : "");
	fprintf(out, "when     %s\nreason   ", dlq_time_or_dash(letter->when_s, when));
	visible_text_print(out, letter->reason, 0, NULL);
	fprintf(out, "\ndetail   ");
	visible_text_print(out, letter->detail, 0, NULL);
	fprintf(out, "\nsize     %zu byte%s, %zu line%s; retried %" PRId64 " time%s\n",
		message->body.len, PLURAL(message->body.len), letter->lines, PLURAL(letter->lines),
		letter->retries, PLURAL(letter->retries));
	if (format != NULL)
		fprintf(out, "today    its file is an input of format %s\n", format);
	fprintf(out, "properties:\n");
	print_members(out, properties, "headers");
	fprintf(out, "headers:\n");
	print_members(out, headers, "x-death");
	dlq_show_print_deaths(out, json_object_get(headers, "x-death"));
	print_lines(out, letter);
	if (letter->queue == STAGE_CLEAN && letter->lines == 1)
		print_formats(out, letter->line);
	json_decref(properties);
}

static json_t *
shown_json(const void *record)
{
	return dlq_entry_new(((const struct shown_letter *)record)->letter);
}

static bool
show_letter(void *context, const struct dlq_letter *letter, struct delivery **delivery UNUSED)
{
	const struct shown_letter shown = {.run = context, .letter = letter};

	output_record(&shown.run->call->output, &shown, shown_json, print_whole_letter);
	return true;
}

int
dlq_show(struct dlq_run *run)
{
	int code;

	if (!run->select.by_id)
		return verbs_usage(run->call, "an id is needed: sluicectl dlq list prints them");
	code = dlq_walk_resolve(run);
	/* A whole id: no need to look at the letters behind it. */
	if (dlq_select_id_count(&run->select) == 1)
		run->limit = 1;
	if (code == CTL_OK)
		code = dlq_walk(run, false, show_letter, run);
	if (code == CTL_OK && run->selected == 0) {
		log_error("there is no such letter (any more)");
		code = EX_DATAERR;
	}
	return code;
}
