/* SPDX-License-Identifier: MIT */
/*
 * test_suspects.c - notes about lines that workers died with.
 */
#include "common/process/suspects.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void
test_weight(void **state)
{
	struct suspects suspects = {0};

	(void)state;
	suspects_note(&suspects, "a", 1, SUSPECT_WEIGHT_CRASHED, 100);
	assert_true(suspects_has(&suspects, "a"));
	assert_null(suspects_guilty(&suspects, "a", 1));
	suspects_note(&suspects, "a", 2, SUSPECT_WEIGHT_CRASHED, 101); /* another line */
	assert_null(suspects_guilty(&suspects, "a", 1));
	suspects_note(&suspects, "a", 1, SUSPECT_WEIGHT_CRASHED, 102);
	assert_non_null(suspects_guilty(&suspects, "a", 1));
	assert_int_equal(suspects_guilty(&suspects, "a", 1)->deaths, 2);
	assert_null(suspects_guilty(&suspects, "a", 2));
	assert_null(suspects_guilty(&suspects, "b", 1));
	/* kill -9 must hit the same line four times */
	for (int i = 0; i < 3; i++)
		suspects_note(&suspects, "k", 7, SUSPECT_WEIGHT_KILLED, 200 + i);
	assert_null(suspects_guilty(&suspects, "k", 7));
	suspects_note(&suspects, "k", 7, SUSPECT_WEIGHT_KILLED, 204);
	assert_non_null(suspects_guilty(&suspects, "k", 7));
}

/* A batch without a name makes careful, and never makes a message suspect. */
static void
test_batch(void **state)
{
	struct suspects suspects = {0};
	struct message message = MESSAGE_INIT;
	char name[SUSPECT_NAME_MAX];

	(void)state;
	assert_false(suspects_expire(&suspects, 1));
	for (int i = 0; i < 9; i++)
		suspects_note(&suspects, "", SUSPECT_LINE_ALL, SUSPECT_WEIGHT_CRASHED, 1);
	assert_true(suspects_expire(&suspects, 2));
	suspect_name(&message, name);
	assert_true(name[0] != '\0');
	assert_false(suspects_has(&suspects, name));
}

static void
test_expiry_and_room(void **state)
{
	struct suspects suspects = {0};
	char name[16];

	(void)state;
	for (int i = 0; i < SUSPECTS_MAX + 1; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		suspects_note(&suspects, name, 1, SUSPECT_WEIGHT_CRASHED, 1000 + i);
	}
	assert_false(suspects_has(&suspects, "m0")); /* the oldest gave way */
	assert_true(suspects_has(&suspects, "m1"));
	assert_true(suspects_has(&suspects, name));
	assert_true(suspects_expire(&suspects, 1001 + SUSPECT_EXPIRES_MS));
	assert_false(suspects_has(&suspects, "m1"));
	assert_true(suspects_has(&suspects, "m2"));
	assert_false(suspects_expire(&suspects, 2000 + SUSPECT_EXPIRES_MS));
	/* a free place is taken before a note gives way */
	suspects_note(&suspects, "a", 1, 2, 5);
	suspects_note(&suspects, "b", 1, 2, 4);
	assert_true(suspects_has(&suspects, "a") && suspects_has(&suspects, "b"));
}

static void
test_names(void **state)
{
	struct message ours = MESSAGE_INIT, foreign = MESSAGE_INIT;
	char first[SUSPECT_NAME_MAX], second[SUSPECT_NAME_MAX], long_id[400];

	(void)state;
	ours.file_id = SPAN_LITERAL("0123456789abcdef");
	ours.message_id = SPAN_LITERAL("0123456789abcdef:17");
	suspect_name(&ours, first);
	assert_string_equal(first, "0123456789abcdef:17");
	/* strangers use one id for everything, or none */
	foreign.message_id = SPAN_LITERAL("1");
	foreign.body = SPAN_LITERAL("a\n");
	suspect_name(&foreign, first);
	foreign.body = SPAN_LITERAL("b\n");
	suspect_name(&foreign, second);
	assert_string_not_equal(first, second);
	foreign.message_id = SPAN_NULL;
	suspect_name(&foreign, first);
	assert_string_not_equal(first, second);
	memset(long_id, 'x', sizeof(long_id));
	foreign.message_id = (struct span){.ptr = long_id, .len = sizeof(long_id)};
	suspect_name(&foreign, first);
	assert_int_equal(strlen(first), 255 + 17);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_weight),
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_expiry_and_room),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
