/* SPDX-License-Identifier: MIT */
/*
 * options.c - getopt_long() fed from a table of options, with messages that say what may have been
 * meant.
 */
#include "supervisor/cli/options.h"
#include "common/base/nearest.h"
#include "common/base/xalloc.h"

#include <assert.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 9 }; /* so that no number overflows */

enum { FIRST_LONG = 256 }; /* what getopt_long() returns for row 0; above every letter */

const struct option_row option_json = {.name = "json", .help = "print JSON"};

/* Returns what follows the digits, or NULL when there are none or too many. */
static const char *
options_parse_digits(const char *text, int64_t *number)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > DIGITS_MAX)
		return NULL;
	*number = 0;
	for (size_t i = 0; i < digits; i++)
		*number = *number * 10 + (text[i] - '0');
	return text + digits;
}

int
options_parse_number(const char *text, const char *unit, int64_t *number)
{
	const char *rest = options_parse_digits(text, number);

	if (rest == NULL)
		return -1;
	return rest[0] == '\0' || (unit != NULL && strcmp(rest, unit) == 0) ? 0 : -1;
}

int
options_parse_duration(const char *text, int64_t *ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"", 1000}, {"m", 60000}, {"h", 3600000}};
	int64_t number;
	const char *rest = options_parse_digits(text, &number);

	for (size_t i = 0; rest != NULL && i < ARRAY_LEN(units); i++) {
		if (strcmp(rest, units[i].unit) == 0) {
			*ms = number * units[i].ms;
			return 0;
		}
	}
	return -1;
}

static bool
options_in_bounds(const struct option_row *row, int64_t number)
{
	return number >= row->min && (row->max == 0 || number <= row->max);
}

static int
options_read_number(const struct option_row *row, const char *text, int64_t *number, char *error,
		    size_t error_size)
{
	if (options_parse_number(text, row->unit, number) == 0 && options_in_bounds(row, *number))
		return 0;
	if (row->max > 0)
		snprintf(error, error_size, "--%s may be %" PRId64 " to %" PRId64 ", not \"%s\"",
			 row->name, row->min, row->max, text);
	else if (row->min > 0)
		snprintf(error, error_size, "--%s: \"%s\" is no number from %" PRId64, row->name,
			 text, row->min);
	else
		snprintf(error, error_size, "--%s: \"%s\" is no number", row->name, text);
	return -1;
}

static int
options_read_duration(const struct option_row *row, const char *text, int64_t *ms, char *error,
		      size_t error_size)
{
	if (options_parse_duration(text, ms) == 0 && options_in_bounds(row, *ms))
		return 0;
	if (row->min > 0)
		snprintf(error, error_size,
			 "--%s: \"%s\" is no duration of %" PRId64 "ms or more, as 2s", row->name,
			 text, row->min);
	else
		snprintf(error, error_size, "--%s: \"%s\" is no duration, as 30s or 2m", row->name,
			 text);
	return -1;
}

/* The value of an option that was given. Returns 0, or -1 with the reason in error. */
static int
options_add(struct options *options, const struct option_row *row, const char *text, char *error,
	    size_t error_size)
{
	struct option_value *value;

	options->values =
		xreallocarray(options->values, options->value_count + 1, sizeof(*options->values));
	value = &options->values[options->value_count++];
	*value = (struct option_value){.row = row, .text = text, .number = row->implied};
	if (text == NULL)
		return 0;
	if (row->kind == OPTION_NUMBER)
		return options_read_number(row, text, &value->number, error, error_size);
	if (row->kind == OPTION_DURATION)
		return options_read_duration(row, text, &value->number, error, error_size);
	return 0;
}

/* What getopt_long() did not like about the word before argv[optind], or about optopt. */
static void
options_explain(const struct option_row *const *rows, int result, char **argv, char *error,
		size_t error_size)
{
	const char *word = argv[optind - 1];
	int name_len = (int)strcspn(word, "=");
	char name[64];
	struct nearest nearest = {.word = name};

	if (result == ':') {
		snprintf(error, error_size, "%.*s needs a value", name_len, word);
		return;
	}
	if (strncmp(word, "--", 2) != 0) {
		snprintf(error, error_size, "unknown option -%c", optopt);
		return;
	}
	snprintf(name, sizeof(name), "%.*s", name_len - 2, word + 2);
	for (; rows != NULL && *rows != NULL; rows++) {
		if (strcmp((*rows)->name, name) == 0) {
			snprintf(error, error_size, "--%s takes no value", name);
			return;
		}
		nearest_consider(&nearest, (*rows)->name);
	}
	if (nearest.best != NULL)
		snprintf(error, error_size, "unknown option --%s: did you mean --%s?", name,
			 nearest.best);
	else
		snprintf(error, error_size, "unknown option --%s", name);
}

/* The rows for getopt_long(): in new memory, the letters (beginning with ":") too. */
static struct option *
options_for_getopt(const struct option_row *const *rows, char **letters)
{
	size_t count = 0, used = 1;
	struct option *out;

	while (rows != NULL && rows[count] != NULL)
		count++;
	out = xcalloc(count + 1, sizeof(*out));
	*letters = xcalloc(2 * count + 2, 1);
	(*letters)[0] = ':'; /* a missing value is told apart from an unknown option */
	for (size_t i = 0; i < count; i++) {
		int has_arg = rows[i]->kind == OPTION_FLAG ? no_argument
			      : rows[i]->implied != 0	   ? optional_argument
							   : required_argument;

		out[i] = (struct option){
			.name = rows[i]->name, .has_arg = has_arg, .val = FIRST_LONG + (int)i};
		if (rows[i]->letter == '\0')
			continue;
		(*letters)[used++] = rows[i]->letter;
		if (has_arg == required_argument)
			(*letters)[used++] = ':';
	}
	return out;
}

static const struct option_row *
options_row_of(const struct option_row *const *rows, int result)
{
	if (result >= FIRST_LONG)
		return rows[result - FIRST_LONG];
	while ((*rows)->letter != result)
		rows++;
	return *rows;
}

int
options_read(struct options *options, const struct option_row *const *rows, int argc, char **argv,
	     char *error, size_t error_size)
{
	char *letters;
	struct option *table = options_for_getopt(rows, &letters);
	int result, code = 0;

	*options = (struct options){.rows = rows};
	optind = 0; /* start anew, also in the GNU library's hidden state */
	opterr = 0; /* its own words have another form than ours */
	while (code == 0 && (result = getopt_long(argc, argv, letters, table, NULL)) != -1) {
		if (result == '?' || result == ':') {
			options_explain(rows, result, argv, error, error_size);
			code = -1;
		} else {
			code = options_add(options, options_row_of(rows, result), optarg, error,
					   error_size);
		}
	}
	options->words = argv + optind;
	options->word_count = (size_t)(argc - optind);
	free(table);
	free(letters);
	return code;
}

void
options_free(struct options *options)
{
	free(options->values);
	*options = (struct options){.rows = NULL};
}

static const struct option_row *
options_row(const struct options *options, const char *name)
{
	const struct option_row *const *row = options->rows;

	while (row != NULL && *row != NULL && strcmp((*row)->name, name) != 0)
		row++;
	assert(row != NULL && *row != NULL); /* the verb's table has it */
	return *row;
}

static const struct option_value *
options_last(const struct options *options, const struct option_row *row)
{
	for (size_t i = options->value_count; i > 0; i--)
		if (options->values[i - 1].row == row)
			return &options->values[i - 1];
	return NULL;
}

bool
options_has(const struct options *options, const char *name)
{
	return options_last(options, options_row(options, name)) != NULL;
}

const char *
options_text(const struct options *options, const char *name)
{
	const struct option_value *value = options_last(options, options_row(options, name));

	return value != NULL ? value->text : NULL;
}

int64_t
options_number(const struct options *options, const char *name)
{
	const struct option_row *row = options_row(options, name);
	const struct option_value *value = options_last(options, row);

	return value != NULL ? value->number : row->usual;
}
