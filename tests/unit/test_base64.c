/* SPDX-License-Identifier: MIT */
/*
 * test_base64.c - there and back.
 */
#include "common/base/base64.h"
#include "common/base/defs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static void
test_base64(void **state)
{
	(void)state;
	for (size_t len = 0; len < 70; len++) {
		char bytes[70];
		size_t back_len;
		char *text, *back;

		for (size_t i = 0; i < len; i++)
			bytes[i] = (char)(i * 151 + len);
		text = base64_encode((struct span){bytes, len});
		back = base64_decode(text, &back_len);
		assert_non_null(back);
		assert_int_equal(back_len, len);
		assert_memory_equal(back, bytes, len);
		free(text);
		free(back);
	}
	assert_null(base64_decode("abc", &(size_t){0}));
	assert_null(base64_decode("ab$=", &(size_t){0}));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64),
	};

	return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
