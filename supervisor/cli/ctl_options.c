/* SPDX-License-Identifier: MIT */
/*
 * ctl_options.c - what is written on the command line of sluicectl.
 */
#include "common/base/log.h"
#include "common/base/nearest.h"
#include "supervisor/cli/ctl.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum { DIGITS_MAX = 9 }; /* so that no number overflows */

/* Returns what follows the digits, or NULL when there are none or too many. */
static const char *
take_digits(const char *text, int64_t *number)
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
ctl_parse_number(const char *text, const char *unit, int64_t *number)
{
	const char *rest = take_digits(text, number);

	return rest != NULL && (rest[0] == '\0' || strcmp(rest, unit) == 0) ? 0 : -1;
}

int
ctl_parse_duration(const char *text, int64_t *ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"", 1000}, {"m", 60000}, {"h", 3600000}};
	int64_t number;
	const char *rest = take_digits(text, &number);

	for (size_t i = 0; rest != NULL && i < ARRAY_LEN(units); i++) {
		if (strcmp(rest, units[i].unit) == 0) {
			*ms = number * units[i].ms;
			return 0;
		}
	}
	return -1;
}

int
ctl_parse_count(const char *text, enum role_id *role, unsigned *count, char *error,
		size_t error_size)
{
	size_t name_len = strcspn(text, "=");
	const char *number = text[name_len] == '=' ? text + name_len + 1 : NULL;
	struct target target;
	int64_t wanted;
	char name[32];

	snprintf(name, sizeof(name), "%.*s", (int)MIN(name_len, sizeof(name) - 1), text);
	if (target_parse(name, &target, error, error_size) != 0)
		return -1;
	if (number == NULL || target.all || target.index >= 0) {
		snprintf(error, error_size, "\"%s\" is not of the form ROLE=COUNT, as in lake=4",
			 text);
		return -1;
	}
	*role = target.role;
	if (ctl_parse_number(number, "", &wanted) != 0 || wanted > role_table[*role].max) {
		snprintf(error, error_size, "%s may be 0 to %u, not \"%s\"", name,
			 role_table[*role].max, number);
		return -1;
	}
	*count = (unsigned)wanted;
	return 0;
}

int
ctl_usage(const char *verb, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_error("%s: %s; try: sluicectl %s --help", verb, text, verb);
	return EX_USAGE;
}

/*
 * What getopt_long() did not like about the word before argv[optind], or about the letter optopt.
 */
static void
say_wrong_option(int result, char **argv, const struct option *options)
{
	const char *word = argv[optind - 1];
	size_t name_len = strcspn(word, "=");
	char name[64];
	struct nearest nearest = {.word = name};

	snprintf(name, sizeof(name), "%.*s", (int)MIN(name_len, sizeof(name) - 1), word);
	if (result == ':') {
		ctl_usage(argv[0], "%s needs a value", name);
		return;
	}
	if (strncmp(name, "--", 2) != 0) {
		ctl_usage(argv[0], "unknown option -%c", optopt);
		return;
	}
	nearest.word = name + 2;
	for (; options->name != NULL; options++) {
		if (strcmp(options->name, nearest.word) == 0) {
			ctl_usage(argv[0], "%s takes no value", name);
			return;
		}
		nearest_consider(&nearest, options->name);
	}
	if (nearest.best != NULL)
		ctl_usage(argv[0], "unknown option %s: did you mean --%s?", name, nearest.best);
	else
		ctl_usage(argv[0], "unknown option %s", name);
}

int
ctl_getopt(int argc, char **argv, const char *letters, const struct option *options)
{
	int result;

	opterr = 0; /* its own words have another form than ours */
	result = getopt_long(argc, argv, letters, options, NULL);
	if (result != '?' && result != ':')
		return result;
	say_wrong_option(result, argv, options);
	return '?';
}

bool
ctl_asks_for_help(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

int
ctl_expect_end(int argc, char **argv)
{
	return optind < argc ? ctl_usage(argv[0], "unexpected argument \"%s\"", argv[optind]) : 0;
}

int
ctl_read_json_option(int argc, char **argv, bool *json)
{
	static const struct option long_options[] = {
		{"json", no_argument, NULL, 'j'},
		{NULL, 0, NULL, 0},
	};
	int option;

	*json = false;
	while ((option = ctl_getopt(argc, argv, ":", long_options)) != -1) {
		if (option != 'j')
			return EX_USAGE;
		*json = true;
	}
	return 0;
}

int
ctl_take_change_option(const char *verb, struct ctl_change *change, int option, const char *value)
{
	switch (option) {
	case CTL_OPTION_NO_WAIT:
		change->wait = false;
		return 0;
	case CTL_OPTION_JSON:
		change->json = true;
		return 0;
	case 'n':
		change->dry_run = true;
		change->wait = false;
		return 0;
	case CTL_OPTION_TIMEOUT:
		if (ctl_parse_duration(value, &change->timeout_ms) != 0)
			return ctl_usage(verb, "\"%s\" is no duration, as 30s or 2m", value);
		return 0;
	default:
		return EX_USAGE;
	}
}
