/* SPDX-License-Identifier: MIT */
/*
 * ctl_options.c - what is written on the command line of sluicectl.
 */
#include "common/log.h"
#include "supervisor/ctl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum { DIGITS_MAX = 9 }; /* so that no number overflows */

int
ctl_parse_duration(const char *text, int64_t *ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"", 1000}, {"m", 60000}, {"h", 3600000}};
	size_t digits = strspn(text, "0123456789");
	int64_t number = 0;

	if (digits == 0 || digits > DIGITS_MAX)
		return -1;
	for (size_t i = 0; i < digits; i++)
		number = number * 10 + (text[i] - '0');
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strcmp(text + digits, units[i].unit) == 0) {
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
	size_t name_len = strcspn(text, "="), digits;
	const char *number = text[name_len] == '=' ? text + name_len + 1 : NULL;
	struct target target;
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
	*count = 0;
	digits = strspn(number, "0123456789");
	for (size_t i = 0; i < digits && digits <= DIGITS_MAX; i++)
		*count = *count * 10 + (unsigned)(number[i] - '0');
	if (digits == 0 || digits > DIGITS_MAX || number[digits] != '\0' ||
	    *count > role_table[*role].max) {
		snprintf(error, error_size, "%s may be 0 to %u, not \"%s\"", name,
			 role_table[*role].max, number);
		return -1;
	}
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
	log_error("%s: %s", verb, text);
	log_error("try: sluicectl %s --help", verb);
	return EX_USAGE;
}

bool
ctl_asks_for_help(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}
