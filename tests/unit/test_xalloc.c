/* SPDX-License-Identifier: MIT */
/*
 * test_xalloc.c - memory, or the end of the process.
 */
#include "common/base/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

const char *__asan_default_options(void);

/* AddressSanitizer, where this is built with it, ends a process for too much by itself. */
const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void
test_nothing_is_something(void **state)
{
	char *none = xcalloc(0, 0);

	(void)state;
	assert_non_null(none);
	none = xreallocarray(none, 0, 8);
	assert_non_null(none);
	free(none);
}

static void
test_texts(void **state)
{
	char *cut = xstrndup("a\0bc", 3), *all = xstrdup("text");
	char *made = xasprintf("%d-%s", 5, "x");

	(void)state;
	assert_memory_equal(cut, "a\0b", 4);
	assert_string_equal(all, "text");
	assert_string_equal(made, "5-x");
	free(cut);
	free(all);
	free(made);
}

static void
calloc_too_much(volatile size_t count)
{
	free(xcalloc(count, 16));
}

static void
realloc_too_much(volatile size_t count)
{
	free(xreallocarray(NULL, count, 16));
}

/* More than there is, or than a size_t can say: the process ends, with the code for that. */
static void
test_no_memory(void **state)
{
	static void (*const tries[])(volatile size_t) = {calloc_too_much, realloc_too_much};

	(void)state;
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		int status;
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0) {
			close(STDERR_FILENO);
			tries[i](SIZE_MAX / 8);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), EX_OSERR);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_something),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests_name("xalloc", tests, NULL, NULL);
}
