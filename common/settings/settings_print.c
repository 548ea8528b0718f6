/* SPDX-License-Identifier: MIT */
/*
 * settings_print.c - every value with its origin, in a form that can be read back.
 */
#include "common/settings/settings_print.h"
#include "common/base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void
print_quoted(const char *text, FILE *out)
{
	fputc('"', out);
	for (const char *p = text; *p != '\0'; p++) {
		unsigned char byte = (unsigned char)*p;

		if (byte == '"' || byte == '\\')
			fprintf(out, "\\%c", byte);
		else if (byte < 0x20 || byte == 0x7f)
			fprintf(out, "\\x%02x", byte);
		else
			fputc(byte, out);
	}
	fputc('"', out);
}

static void
print_value(const struct settings *settings, const struct setting *row, FILE *out)
{
	const void *field = settings_value(settings, row);
	const struct text_list *list = field;
	char choice[64];

	switch (row->type) {
	case SETTING_NUMBER:
		fprintf(out, "%" PRId64, *(const int64_t *)field);
		break;
	case SETTING_CHOICE:
		print_quoted(settings_choice_name(row->unit, *(const int *)field, choice,
						  sizeof(choice)),
			     out);
		break;
	case SETTING_TEXT:
	case SETTING_PATH:
		print_quoted(*(char *const *)field, out);
		break;
	case SETTING_LIST:
		fputc('[', out);
		for (size_t i = 0; i < list->count; i++) {
			fputs(i > 0 ? ", " : " ", out);
			print_quoted(list->items[i], out);
		}
		fputs(" ]", out);
		break;
	}
}

char *
settings_value_text(const struct settings *settings, const struct setting *row)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (stream == NULL)
		fatal("out of memory");
	print_value(settings, row, stream);
	if (fclose(stream) != 0)
		fatal("out of memory");
	return text;
}

const char *
settings_origin_text(const struct setting_origin *origin, char *out, size_t out_size)
{
	switch (origin->kind) {
	case ORIGIN_DEFAULT:
		snprintf(out, out_size, "default");
		break;
	case ORIGIN_FILE:
		snprintf(out, out_size, "%s:%d", origin->file, origin->line);
		break;
	case ORIGIN_ENVIRONMENT:
		snprintf(out, out_size, "environment");
		break;
	}
	return out;
}

static void
print_origin(const struct setting_origin *origin, FILE *out)
{
	char text[4200];

	fprintf(out, "  # %s\n", settings_origin_text(origin, text, sizeof(text)));
}

static void
print_input(const struct input_settings *input, FILE *out)
{
	fprintf(out, "{ path = ");
	print_quoted(input->path, out);
	fprintf(out, "; format = ");
	print_quoted(input->format, out);
	fprintf(out, "; routing_key = ");
	print_quoted(input->routing_key, out);
	fprintf(out, "; }");
}

char *
settings_input_text(const struct input_settings *input)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (stream == NULL)
		fatal("out of memory");
	print_input(input, stream);
	if (fclose(stream) != 0)
		fatal("out of memory");
	return text;
}

static void
print_inputs(const struct settings *settings, FILE *out)
{
	fprintf(out, "inputs = (");
	for (size_t i = 0; i < settings->input_count; i++) {
		fprintf(out, "%s\n  ", i > 0 ? "," : "");
		print_input(&settings->inputs[i], out);
	}
	fprintf(out, "%s);\n", settings->input_count > 0 ? "\n" : " ");
}

void
settings_print(const struct settings *settings, FILE *out)
{
	const char *section = "";

	fprintf(out, "# settings of %s, each with its origin\n", settings->path);
	print_inputs(settings, out);
	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *row = &setting_table[i];

		if (strcmp(section, row->section) != 0) {
			fprintf(out, "%s%s : {\n", section[0] != '\0' ? "};\n" : "", row->section);
			section = row->section;
		}
		fprintf(out, "%s%s = ", row->section[0] != '\0' ? "  " : "", row->name);
		print_value(settings, row, out);
		fputc(';', out);
		print_origin(&settings->origins[i], out);
	}
	fprintf(out, "%s", section[0] != '\0' ? "};\n" : "");
}
