/* SPDX-License-Identifier: MIT */
/*
 * input_check.c - the first lines of inputs against their format.
 */
#include "supervisor/ctl/input_check.h"
#include "clean_worker/log_format.h"
#include "clean_worker/log_parse.h"
#include "common/base/defs.h"
#include "common/base/packed.h"
#include "common/base/visible_text.h"
#include "common/base/xalloc.h"
#include "common/message/lines.h"
#include "supervisor/cli/member.h"
#include "supervisor/shared/request.h"

#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_READ = 20, LINES_READ = 200, HEAD_BYTES = 1 << 18, FORMATS_MAX = 16 };

struct look {
	size_t files, readable, packed, lines;
	size_t taken[FORMATS_MAX]; /* by each built-in format */
};

static void
try_line(struct look *look, struct span line)
{
	const struct log_format *format;
	struct access_line access;
	struct parse_error error;

	look->lines++;
	for (size_t i = 0; i < FORMATS_MAX && (format = log_format_at(i)) != NULL; i++)
		look->taken[i] += log_parse(format, line, &access, &error) == REASON_NONE;
}

/* The complete lines among the first bytes of a file. */
static void
try_lines(struct look *look, struct span head)
{
	const char *end = memrchr(head.ptr, '\n', head.len);
	struct line_reader reader;
	struct span line;

	if (end == NULL)
		return;
	head.len = (size_t)(end - head.ptr) + 1;
	reader = lines_of(head);
	for (size_t i = 0; i < LINES_READ && lines_next(&reader, &line); i++)
		try_line(look, line);
}

static void
look_at_file(struct look *look, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat found;
	ssize_t got;
	char *head;

	if (fd < 0) {
		look->files++;
		return;
	}
	if (fstat(fd, &found) != 0 || !S_ISREG(found.st_mode)) {
		close(fd);
		return;
	}
	head = xcalloc(HEAD_BYTES, 1);
	got = pread(fd, head, HEAD_BYTES, 0);
	close(fd);
	look->files++;
	look->readable += got >= 0;
	if (got > 0 && packed_by(path, head, MIN((size_t)got, (size_t)PACKED_START)) != NULL)
		look->packed++;
	else if (got > 0 && look->readable - look->packed <= FILES_READ)
		try_lines(look, (struct span){.ptr = head, .len = (size_t)got});
	free(head);
}

static json_t *
input_json(const struct input_settings *input, const struct look *look)
{
	const struct log_format *format;
	size_t taken = 0, most = 0, used = 0;
	char likely[128] = "";

	for (size_t i = 0; i < FORMATS_MAX && (format = log_format_at(i)) != NULL; i++) {
		if (strcmp(log_format_name(format), input->format) == 0)
			taken = look->taken[i];
		most = MAX(most, look->taken[i]);
	}
	/* Formats may take each other's lines. */
	for (size_t i = 0; i < FORMATS_MAX && (format = log_format_at(i)) != NULL; i++)
		if (most > taken && look->taken[i] == most && used < sizeof(likely))
			used += (size_t)snprintf(likely + used, sizeof(likely) - used, "%s%s",
						 used > 0 ? " or " : "", log_format_name(format));
	return json_pack("{s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:s?}", "path",
			 request_text(input->path), "format", input->format, "files",
			 (json_int_t)look->files, "readable", (json_int_t)look->readable, "packed",
			 (json_int_t)look->packed, "lines", (json_int_t)look->lines, "taken",
			 (json_int_t)taken, "likely", used > 0 ? likely : NULL);
}

json_t *
input_check_all(const struct settings *settings)
{
	json_t *inputs = json_array();

	for (size_t i = 0; i < settings->input_count; i++) {
		struct look look = {.files = 0};
		glob_t matches;

		if (glob(settings->inputs[i].path, 0, NULL, &matches) == 0) {
			for (size_t m = 0; m < matches.gl_pathc; m++)
				look_at_file(&look, matches.gl_pathv[m]);
			globfree(&matches);
		}
		json_array_append_new(inputs, input_json(&settings->inputs[i], &look));
	}
	return inputs;
}

void
input_check_print(const json_t *inputs, FILE *out)
{
	const json_t *input;
	size_t i;

	json_array_foreach(inputs, i, input)
	{
		double files = member_number(input, "files", 0);
		double lines = member_number(input, "lines", 0);
		double taken = member_number(input, "taken", 0);
		const char *likely = member_text(input, "likely", "");

		visible_text_print(out, span_of(member_text(input, "path", "?")), 0, NULL);
		fprintf(out, ": %.0f file%s, %.0f readable, %.0f packed (not read)", files,
			PLURAL(files), member_number(input, "readable", 0),
			member_number(input, "packed", 0));
		if (lines > 0)
			fprintf(out, "; %s takes %.0f of the first %.0f line%s (%.0f %%)",
				member_text(input, "format", "?"), taken, lines, PLURAL(lines),
				100 * taken / lines);
		if (likely[0] != '\0')
			fprintf(out, "; %s would take more", likely);
		fputc('\n', out);
	}
}
