/* SPDX-License-Identifier: MIT */
/*
 * test_settings_manual.c - the manual page that is shipped is what the table makes of it.
 */
#include "common/settings/settings_manual.h"
#include "common/base/defs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
test_manual_of_settings(void **state UNUSED)
{
	char *shipped = read_file("etc/man/sluice.conf.5"), *made = NULL;
	size_t size;
	FILE *out = open_memstream(&made, &size);

	settings_manual_print(out);
	fclose(out);
	if (strcmp(shipped, made) != 0)
		fail_msg("etc/man/sluice.conf.5 differs from the table: build/sluiced "
			 "--man-settings > etc/man/sluice.conf.5");
	free(shipped);
	free(made);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manual_of_settings),
	};

	return cmocka_run_group_tests_name("settings_manual", tests, NULL, NULL);
}
