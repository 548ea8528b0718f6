/* SPDX-License-Identifier: MIT */
/*
 * settings_numbers.c - the whole numbers of a settings file as they are written.
 *
 * The numbers of a file stand in it in the order in which they hang in the tree, whatever else is
 * between them: so the tree is walked with a mark in each file. The tokens are those of libconfig's
 * own scanner (scanner.l), of which only strings, comments, names and numbers matter here. That the
 * right one was found is checked: all versions of libconfig have its low 32 bits right.
 */
#include "common/settings/settings_numbers.h"
#include "common/base/defs.h"
#include "common/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/* A file that numbers of the tree come from. */
struct number_file {
	char *name; /* as libconfig has it; NULL = the text that included the others */
	struct settings_number *numbers;
	size_t count;
	size_t next; /* the one that the next number of the tree from this file is */
};

struct settings_numbers {
	const char *folder; /* where included files are looked for */
	struct number_file *files;
	size_t count;
};

/* --- the tokens of a file --- */

/* "0x1F", and since libconfig 1.8 "0b101" and "0o17". */
static const struct {
	char letters[5];
	unsigned base;
	const char *digits;
} prefixes[] = {
	{"xX", 16, DIGITS "abcdefABCDEF"},
#if LIBCONFIG_VER_MAJOR > 1 || LIBCONFIG_VER_MINOR >= 8
	{"bB", 2, "01"},
	{"oOqQ", 8, "01234567"},
#endif
};

static size_t
sign_len(const char *p)
{
	return *p == '+' || *p == '-' ? 1 : 0;
}

/* The length of the fraction at p ("1.5", "2e10", "."); 0 = there is none. */
static size_t
fraction_len(const char *p)
{
	size_t digits = strspn(p + sign_len(p), DIGITS), len = sign_len(p) + digits;
	bool has_point = p[len] == '.';

	if (has_point)
		len += 1 + strspn(p + len + 1, DIGITS);
	if ((has_point || digits > 0) && (p[len] == 'e' || p[len] == 'E')) {
		size_t sign = sign_len(p + len + 1);
		size_t exponent = strspn(p + len + 1 + sign, DIGITS);

		if (exponent > 0)
			return len + 1 + sign + exponent;
	}
	return has_point ? len : 0;
}

static unsigned
digit_value(char digit)
{
	if (digit <= '9')
		return (unsigned)(digit - '0');
	return (unsigned)((digit | 0x20) - 'a') + 10;
}

static struct settings_number
scan_digits(const char *p, size_t len, unsigned base, bool is_negative)
{
	uint64_t limit = (uint64_t)INT64_MAX + (is_negative ? 1 : 0), sum = 0;
	struct settings_number number = {.value = 0};

	for (size_t i = 0; i < len; i++) {
		unsigned digit = digit_value(p[i]);

		if (sum > (limit - digit) / base)
			number.is_too_large = true;
		else
			sum = sum * base + digit;
	}
	number.value = is_negative ? (int64_t)(0 - sum) : (int64_t)sum;
	number.has_leading_zero = base == 10 && len > 1 && p[0] == '0';
	return number;
}

/* The length of the whole number at p, and what it is; 0 = there is none. */
static size_t
scan_number(const char *p, struct settings_number *number)
{
	size_t start = sign_len(p), len = strspn(p + start, DIGITS);
	unsigned base = 10;

	if (len == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(prefixes) && p[0] == '0'; i++) {
		size_t more = 0;

		if (p[1] != '\0' && strchr(prefixes[i].letters, p[1]) != NULL)
			more = strspn(p + 2, prefixes[i].digits);
		if (more > 0) {
			base = prefixes[i].base;
			start = 2;
			len = more;
		}
	}
	*number = scan_digits(p + start, len, base, p[0] == '-');
	len += start;
	for (int i = 0; i < 2 && p[len] == 'L'; i++)
		len++;
	return len;
}

/* The length of a text in quotes; p is its first quote. */
static size_t
string_len(const char *p)
{
	size_t len = 1;

	while (p[len] != '\0' && p[len] != '"')
		len += p[len] == '\\' && (p[len + 1] == '\\' || p[len + 1] == '"') ? 2 : 1;
	return len + (p[len] == '"' ? 1 : 0);
}

/* The length of a comment; 0 = there is none at p. */
static size_t
comment_len(const char *p)
{
	const char *end;

	if (p[0] == '#' || (p[0] == '/' && p[1] == '/'))
		return strcspn(p, "\n");
	if (p[0] != '/' || p[1] != '*')
		return 0;
	end = strstr(p + 2, "*/");
	return end != NULL ? (size_t)(end + 2 - p) : strlen(p);
}

static void
find_numbers(struct number_file *file, const char *text)
{
	struct settings_number number;
	size_t len, fraction;

	for (const char *p = text; *p != '\0'; p += len) {
		len = comment_len(p);
		if (len > 0)
			continue;
		if (*p == '"') {
			len = string_len(p);
		} else if (strchr(LETTERS "*", *p) != NULL) {
			len = strspn(p, LETTERS DIGITS "*-_");
		} else {
			len = scan_number(p, &number);
			fraction = fraction_len(p);
			if (len > fraction) {
				file->numbers = xreallocarray(file->numbers, file->count + 1,
							      sizeof(*file->numbers));
				file->numbers[file->count++] = number;
			} else {
				len = fraction > 0 ? fraction : 1;
			}
		}
	}
}

/* --- the tree --- */

/* Old versions of libconfig give the name as it stands behind @include, new ones the path. */
static FILE *
open_included(const char *folder, const char *name)
{
	char *path = xasprintf("%s/%s", folder, name);
	FILE *stream = fopen(path, "re");

	free(path);
	return stream != NULL ? stream : fopen(name, "re");
}

static struct number_file *
file_of(struct settings_numbers *numbers, const char *name)
{
	struct number_file *file;
	char *text = NULL;
	size_t size = 0;
	FILE *stream;

	for (size_t i = 0; i < numbers->count; i++) {
		file = &numbers->files[i];
		if (file->name != NULL && name != NULL ? strcmp(file->name, name) == 0
						       : file->name == name)
			return file;
	}
	numbers->files = xreallocarray(numbers->files, numbers->count + 1, sizeof(*numbers->files));
	file = &numbers->files[numbers->count++];
	*file = (struct number_file){.name = name != NULL ? xstrdup(name) : NULL};
	stream = name != NULL ? open_included(numbers->folder, name) : NULL;
	if (stream != NULL && getdelim(&text, &size, '\0', stream) >= 0)
		find_numbers(file, text);
	if (stream != NULL)
		fclose(stream);
	free(text);
	return file;
}

/* What is written for the setting, if libconfig agrees as far as it can. */
static struct settings_number *
next_number(struct settings_numbers *numbers, const config_setting_t *setting)
{
	struct number_file *file = file_of(numbers, config_setting_source_file(setting));
	struct settings_number *number;
	uint32_t low_bits = (uint32_t)config_setting_get_int64(setting);

	if (file->count == 0)
		return NULL;
	if (file->next == file->count)
		file->next = 0; /* the file is included once more */
	number = &file->numbers[file->next++];
	/* libconfig 1.7 alone takes "010" for an octal number */
	if (number->is_too_large || number->has_leading_zero || (uint32_t)number->value == low_bits)
		return number;
	return NULL;
}

static void
walk(struct settings_numbers *numbers, config_setting_t *setting)
{
	int type = config_setting_type(setting);

	if (type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64)
		config_setting_set_hook(setting, next_number(numbers, setting));
	else if (config_setting_is_aggregate(setting))
		for (int i = 0; i < config_setting_length(setting); i++)
			walk(numbers, config_setting_get_elem(setting, (unsigned)i));
}

struct settings_numbers *
settings_numbers_new(config_setting_t *root, const char *text, const char *folder)
{
	struct settings_numbers *numbers = xcalloc(1, sizeof(*numbers));

	numbers->folder = folder;
	find_numbers(file_of(numbers, NULL), text);
	walk(numbers, root);
	return numbers;
}

void
settings_numbers_free(struct settings_numbers **numbers)
{
	for (size_t i = 0; i < (*numbers)->count; i++) {
		free((*numbers)->files[i].name);
		free((*numbers)->files[i].numbers);
	}
	free((*numbers)->files);
	free(*numbers);
	*numbers = NULL;
}

const struct settings_number *
settings_numbers_get(const config_setting_t *setting)
{
	return config_setting_get_hook(setting);
}
