/* SPDX-License-Identifier: MIT */
/*
 * test_watch.c - what operators look at: events, histograms, metrics, the log, the manual pages.
 */
#include "supervisor/cli/ctl.h"
#include "supervisor/ctl/ctl_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- quantiles --- */

static void
test_quantiles(void **state UNUSED)
{
	json_t *before = json_pack("{s:[f,f], s:[i,i,i]}", "bounds", 1.0, 2.0, "counts", 5, 0, 0);
	json_t *after = json_pack("{s:[f,f], s:[i,i,i]}", "bounds", 1.0, 2.0, "counts", 5, 10, 0);
	json_t *beyond = json_pack("{s:[f,f], s:[i,i,i]}", "bounds", 1.0, 2.0, "counts", 0, 0, 3);

	assert_true(view_quantile(before, before, 0.5) < 0);
	assert_true(view_quantile(before, after, 0.5) == 1.5);
	assert_true(view_quantile(NULL, before, 0.5) == 0.5);
	assert_true(view_quantile(NULL, beyond, 0.99) == 2.0);
	assert_true(view_quantile(NULL, NULL, 0.5) < 0);
	json_decref(before);
	json_decref(after);
	json_decref(beyond);
}

/* --- the manual pages --- */

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
	unsigned items = count_of(manual, "\n.It Cm ");

	for (size_t i = 0; i < ctl_verb_count; i++) {
		char item[64];
		size_t len = (size_t)snprintf(item, sizeof(item), "\n.It Cm %s", ctl_verbs[i].name);
		const char *at = strstr(manual, item);

		if (at == NULL || (at[len] != ' ' && at[len] != '\n'))
			fail_msg("etc/man/sluicectl.1 does not have the verb %s",
				 ctl_verbs[i].name);
		assert_non_null(strstr(ctl_verbs[i].synopsis, "--json"));
		assert_int_equal(strncmp(ctl_verbs[i].example, "sluicectl ", 10), 0);
	}
	assert_int_equal(items, ctl_verb_count);
	free(manual);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {

		cmocka_unit_test(test_quantiles),
		cmocka_unit_test(test_manual_of_verbs),
	};

	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
