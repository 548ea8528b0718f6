/* SPDX-License-Identifier: MIT */
/*
 * ctl_inputs.c - `sluicectl inputs`: how far each followed file is read, and what will not be read by
 * itself.
 */
#include "common/base/visible_text.h"
#include "common/base/xalloc.h"
#include "supervisor/cli/member.h"
#include "supervisor/cli/text_table.h"
#include "supervisor/cli/text_wrap.h"
#include "supervisor/cli/watch.h"
#include "supervisor/ctl/ctl.h"
#include "supervisor/shared/human.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { INDENT = 4 };

static char *
bytes_cell(const json_t *file, const char *name)
{
	double bytes = member_number(file, name, -1);
	char text[32];

	if (bytes < 0)
		return xstrdup("-");
	return xstrdup(human_count((uint64_t)bytes, text, sizeof(text)));
}

static char *
behind_cell(const json_t *file)
{
	double seconds = member_number(file, "behind_s", -1);
	char text[32];

	if (seconds < 0)
		return xstrdup("-");
	return xstrdup(human_duration((int64_t)(seconds * 1000), text, sizeof(text)));
}

/* "12s": how long ago that was. */
static char *
ago_cell(const json_t *file, const char *name)
{
	struct tm utc = {0};
	char text[32];

	if (strptime(member_text(file, name, ""), "%Y-%m-%dT%H:%M:%S", &utc) == NULL)
		return xstrdup("-");
	return xstrdup(human_duration(MAX(0, (int64_t)(time(NULL) - timegm(&utc))) * 1000, text,
				      sizeof(text)));
}

static char *
time_cell(const json_t *file, const char *name)
{
	const char *text = member_text(file, name, "");

	return text[0] != '\0' ? xasprintf("%.19sZ", text) : xstrdup("-");
}

static void
print_files(const json_t *files, FILE *out)
{
	static const char *const titles[] = {"BEHIND B",  "BEHIND", "SIZE B", "READ AGO",
					     "LAST LINE", "STATE",  "FORMAT", "FILE"};
	struct libscols_table *table = text_table_new();
	const json_t *file;
	size_t i;

	for (i = 0; i < ARRAY_LEN(titles); i++)
		text_table_column(table, titles[i], i < 4);
	json_array_foreach(files, i, file)
	{
		struct libscols_line *line = text_table_row(table);
		const char *error = member_text(file, "error", "");
		char *cells[] = {
			bytes_cell(file, "behind_bytes"),
			behind_cell(file),
			bytes_cell(file, "size"),
			ago_cell(file, "last_read"),
			time_cell(file, "last_line"),
			xstrdup(error[0] != '\0' ? "ERROR" : member_text(file, "state", "?")),
			xstrdup(member_text(file, "format", "?")),
			xstrdup(member_text(file, "path", "?"))};

		for (size_t c = 0; c < ARRAY_LEN(cells); c++)
			text_table_cell(line, c, cells[c], error[0] != '\0' ? "red" : NULL);
	}
	text_table_print(table, out);
}

static void
print_wrapped(FILE *out, char *text)
{
	char *visible = visible_text_new(span_of(text), 0);

	text_wrap_print(out, visible, text_wrap_terminal_width(), INDENT);
	free(visible);
	free(text);
}

static void
print_errors(const json_t *files, FILE *out)
{
	const json_t *file;
	size_t i;

	json_array_foreach(files, i, file)
	{
		const char *error = member_text(file, "error", "");

		if (error[0] != '\0')
			print_wrapped(out,
				      xasprintf("%s: %s", member_text(file, "path", "?"), error));
	}
}

static void
print_unread(const json_t *answer, FILE *out)
{
	const json_t *file;
	size_t i;

	json_array_foreach(json_object_get(answer, "unread"), i, file)
	{
		char bytes[48] = "an unknown number of";

		if (json_is_number(json_object_get(file, "bytes")))
			snprintf(bytes, sizeof(bytes), "%.0f", member_number(file, "bytes", 0));
		print_wrapped(out,
			      xasprintf("never read: %s bytes of %s, packed into %s, seen %.19sZ",
					bytes, member_text(file, "path", "?"),
					member_text(file, "archive", "?"),
					member_text(file, "at", "?")));
	}
	if (i > 0)
		fprintf(out,
			"sluicectl audit ARCHIVE names the lines that are missing; unpacked below "
			"an input's path they are read;\nsluicectl inputs --acknowledge ends "
			"the warning\n");
}

static void
print_inputs(const json_t *answer, FILE *out)
{
	const json_t *files = json_object_get(answer, "files");
	double total = member_number(answer, "total", 0), shown = (double)json_array_size(files);
	double skipped = member_number(answer, "skipped", 0);
	char bytes[32], behind[32];

	if (!member_is_true(answer, "known")) {
		fprintf(out, "no producer has reported since sluiced started\n");
		return;
	}
	fprintf(out, "%.0f file%s, %s bytes and %s behind; %.0f open", total, PLURAL(total),
		human_count((uint64_t)member_number(answer, "behind_bytes", 0), bytes,
			    sizeof(bytes)),
		human_duration((int64_t)(member_number(answer, "behind_s", 0) * 1000), behind,
			       sizeof(behind)),
		member_number(answer, "open", 0));
	if (member_number(answer, "open_limit", 0) > 0)
		fprintf(out, " of at most %.0f", member_number(answer, "open_limit", 0));
	if (skipped > 0)
		fprintf(out, "; %.0f path%s passed over (packed files, folders)", skipped,
			PLURAL(skipped));
	fprintf(out, "\n\n");
	print_files(files, out);
	if (shown < total)
		fprintf(out, "and %.0f more, less behind\n", total - shown);
	print_errors(files, out);
	print_unread(answer, out);
}

static int
show_inputs(void *context)
{
	struct call *call = context;
	int exit_code;
	json_t *answer = client_ask(call->client, "inputs", NULL, &exit_code);

	if (answer == NULL)
		return exit_code;
	output_value(&call->output, answer, print_inputs);
	json_decref(answer);
	return CTL_OK;
}

static void
print_acknowledged(const json_t *answer, FILE *out)
{
	double count = member_number(answer, "acknowledged", 0);

	fprintf(out, "%.0f unread file%s acknowledged\n", count, PLURAL(count));
}

int
ctl_inputs(struct call *call)
{
	int exit_code;
	json_t *answer;

	if (!options_has(&call->options, "acknowledge"))
		return watch_repeat(options_number(&call->options, "watch"), show_inputs, call);
	answer = client_ask(call->client, "acknowledge", NULL, &exit_code);
	if (answer == NULL)
		return exit_code;
	output_value(&call->output, answer, print_acknowledged);
	json_decref(answer);
	return CTL_OK;
}
