/* SPDX-License-Identifier: MIT */
/*
 * test_user_parts.c - which user names are e-mail addresses.
 */
#include "clean_worker/user_parts.h"
#include "common/base/defs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#define TEN "abcdefghij"
#define SIXTY TEN TEN TEN TEN TEN TEN

static void
test_cases(void **state)
{
	static const struct {
		struct span user;
		const char *domain;
	} cases[] = {
		{SPAN_LITERAL("jane@example.org"), "example.org"},
		{SPAN_LITERAL("jane.doe+x@mail.Example.ORG"), "mail.Example.ORG"},
		{SPAN_LITERAL("a@b.c"), "b.c"},
		{SPAN_LITERAL("a@1-2.3"), "1-2.3"},
		{SPAN_LITERAL("j\xc3\xa9@b.c"), "b.c"},
		{SPAN_LITERAL("a@" SIXTY "abc.org"), SIXTY "abc.org"},
		{SPAN_LITERAL("a@" SIXTY "abcd.org"), NULL},
		{SPAN_LITERAL(""), NULL},
		{SPAN_LITERAL("jane"), NULL},
		{SPAN_LITERAL("/C=US/CN=A/emailAddress=a@example.org"), NULL},
		{SPAN_LITERAL("emailAddress=a@example.org,CN=A"), NULL},
		{SPAN_LITERAL("E=a@example.org"), NULL},
		{SPAN_LITERAL("CN=A,a@example.org"), NULL},
		{SPAN_LITERAL("host/web1@REALM.EXAMPLE.ORG"), NULL},
		{SPAN_LITERAL("https://idp.example/jane@example.org"), NULL},
		{SPAN_LITERAL("mailto:jane@example.org"), NULL},
		{SPAN_LITERAL("root@192.0.2.7"), NULL},
		{SPAN_LITERAL("@"), NULL},
		{SPAN_LITERAL("jane@"), NULL},
		{SPAN_LITERAL("@example.org"), NULL},
		{SPAN_LITERAL("jane@example"), NULL},
		{SPAN_LITERAL("jane@x@example.org"), NULL},
		{SPAN_LITERAL("jane@@example.org"), NULL},
		{SPAN_LITERAL("jane@.org"), NULL},
		{SPAN_LITERAL("jane@example."), NULL},
		{SPAN_LITERAL("jane@example..org"), NULL},
		{SPAN_LITERAL("jane@-example.org"), NULL},
		{SPAN_LITERAL("jane@example-.org"), NULL},
		{SPAN_LITERAL("jane@example.org-"), NULL},
		{SPAN_LITERAL("jane@exam_ple.org"), NULL},
		{SPAN_LITERAL("jane@ex\xc3\xa9.org"), NULL},
		{SPAN_LITERAL("jane@example.org "), NULL},
		{SPAN_LITERAL("jane doe@example.org"), NULL},
		{SPAN_LITERAL("jane\t@example.org"), NULL},
		{SPAN_LITERAL("jane\x7f@example.org"), NULL},
		{SPAN_LITERAL("ja\0ne@example.org"), NULL},
		{SPAN_LITERAL("jane@exa\0mple.org"), NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len = cases[i].user.len;
		char *bytes = malloc(len > 0 ? len : 1);
		memcpy(bytes, cases[i].user.ptr, len);
		struct span domain = user_parts_email_domain((struct span){bytes, len});
		print_message("%s\n", cases[i].user.ptr);
		if (cases[i].domain == NULL)
			assert_null(domain.ptr);
		else
			assert_true(span_equals(domain, span_of(cases[i].domain)));
		free(bytes);
	}
	assert_null(user_parts_email_domain(SPAN_NULL).ptr);
}

static void
test_total_length(void **state)
{
	char user[255];

	(void)state;
	memset(user, 'x', sizeof(user));
	memcpy(user + 248, "@ab.cd", 6);
	assert_int_equal(user_parts_email_domain((struct span){user, 254}).len, 5);
	user[254] = 'e';
	assert_null(user_parts_email_domain((struct span){user, 255}).ptr);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_total_length),
	};

	return cmocka_run_group_tests_name("user_parts", tests, NULL, NULL);
}
