/* SPDX-License-Identifier: MIT */
/*
 * test_settings_template.c - the settings file that is shipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/settings/settings_load.h"
#include "common/settings/settings_template.h"

/* etc/sluice.conf is what the table makes of it, and loads. */
static void
test_shipped_file(void **state)
{
	char *template = NULL, shipped[65536];
	struct settings *settings;
	size_t size, got;
	FILE *out = open_memstream(&template, &size);
	FILE *file = fopen("etc/sluice.conf", "r");

	(void)state;
	settings_template_print(out);
	fclose(out);
	assert_non_null(file);
	got = fread(shipped, 1, sizeof(shipped) - 1, file);
	shipped[got] = '\0';
	fclose(file);
	if (strcmp(template, shipped) != 0)
		fail_msg("etc/sluice.conf differs from the table: build/sluiced --template > "
			 "etc/sluice.conf");
	free(template);
	assert_int_equal(settings_load("etc/sluice.conf", &settings), 0);
	assert_int_equal(settings->input_count, 1);
	settings_free(&settings);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shipped_file),
	};

	return cmocka_run_group_tests_name("settings_template", tests, NULL, NULL);
}
