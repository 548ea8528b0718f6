/* SPDX-License-Identifier: MIT */
/*
 * test_sluicectl_verbs.c - the table of verbs: complete, without contradictions, and the one of
 * the manual page.
 */
#include "supervisor/sluicectl_verbs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
has_json(const struct verb *verb)
{
	for (const struct option_row *const *row = verb->options; *row != NULL; row++)
		if (*row == &option_json)
			return true;
	return false;
}

/* Names and letters of options are told apart, and each says what it does. */
static void
check_options(const struct verb *verb)
{
	for (const struct option_row *const *row = verb->options; *row != NULL; row++) {
		assert_non_null((*row)->help);
		assert_int_equal((*row)->kind == OPTION_FLAG, (*row)->value == NULL);
		for (const struct option_row *const *other = row + 1; *other != NULL; other++) {
			assert_string_not_equal((*row)->name, (*other)->name);
			assert_true((*row)->letter == '\0' || (*row)->letter != (*other)->letter);
		}
	}
}

static void
check_verbs(const struct verb *verbs, const char *within)
{
	for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
		char example[64];

		snprintf(example, sizeof(example), "sluicectl %s", within);
		assert_int_equal(strncmp(verb->example, example, strlen(example)), 0);
		assert_non_null(verb->help);
		for (const struct verb *other = verb + 1; other->name != NULL; other++)
			assert_string_not_equal(verb->name, other->name);
		if (verb->verbs != NULL) {
			assert_true(verb->handler == NULL && verb->options == NULL);
			assert_string_equal(within, "");
			check_verbs(verb->verbs, verb->name);
			continue;
		}
		assert_non_null(verb->handler);
		check_options(verb);
		/* dlq export prints JSON anyway */
		if (strcmp(within, "dlq") != 0 || strcmp(verb->name, "export") != 0)
			assert_true(has_json(verb));
		assert_true(verb->no_words == NULL || verb->max_words > 0);
	}
}

static void
test_tables(void **state UNUSED)
{
	check_verbs(sluicectl_verbs, "");
}

static unsigned
count_of(const char *text, const char *what)
{
	unsigned count = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		count++;
	return count;
}

static char *
read_file(const char *path)
{
	char *text = calloc(1, 1 << 20);
	FILE *file = fopen(path, "r");

	if (file == NULL)
		fail_msg("cannot read %s", path);
	else
		assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
	if (file != NULL)
		fclose(file);
	return text;
}

static void
test_manual_of_verbs(void **state UNUSED)
{
	char *manual = read_file("etc/man/sluicectl.1");
	unsigned items = count_of(manual, "\n.It Cm "), verbs = 0;

	for (const struct verb *verb = sluicectl_verbs; verb->name != NULL; verb++, verbs++) {
		char item[64];
		size_t len = (size_t)snprintf(item, sizeof(item), "\n.It Cm %s", verb->name);
		const char *at = strstr(manual, item);

		if (at == NULL || (at[len] != ' ' && at[len] != '\n'))
			fail_msg("etc/man/sluicectl.1 does not have the verb %s", verb->name);
	}
	assert_int_equal(items, verbs);
	free(manual);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_manual_of_verbs),
	};

	return cmocka_run_group_tests_name("sluicectl_verbs", tests, NULL, NULL);
}
