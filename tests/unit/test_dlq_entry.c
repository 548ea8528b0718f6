/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_entry.c - letters as lines of JSON, read back.
 */
#include "supervisor/dlq/dlq_entry.h"
#include "supervisor/dlq/dlq_id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void
test_entries(void **state)
{
	static const char good[] = "{\"queue\": \"clean\", \"body_base64\": \"/wA=\", "
				   "\"properties\": {\"message_id\": \"f:1\"}}";
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"{\"queue\": \"x\", \"body\": \"\"}",
		"{\"queue\": \"clean\"}",
		"{\"queue\": \"clean\", \"body_base64\": \"?\"}",
		"{\"queue\": \"clean\", \"body\": \"\", \"properties\": 1}"};
	struct md5 *md5 = md5_new();
	struct dlq_entry entry;
	char error[256];

	(void)state;
	assert_int_equal(dlq_entry_parse(good, strlen(good), &entry, error, sizeof(error)), 0);
	assert_int_equal(entry.body_len, 2);
	assert_memory_equal(entry.body, "\xff\0", 2);
	assert_true(dlq_entry_id(md5, &entry) ==
		    dlq_id_of(md5, STAGE_CLEAN, SPAN_LITERAL("f:1"), (struct span){"\xff\0", 2}));
	dlq_entry_free(&entry);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(
			dlq_entry_parse(bad[i], strlen(bad[i]), &entry, error, sizeof(error)), -1);
	md5_free(&md5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
	};

	return cmocka_run_group_tests_name("dlq_entry", tests, NULL, NULL);
}
