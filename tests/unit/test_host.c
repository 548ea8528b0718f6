/* SPDX-License-Identifier: MIT */
/*
 * test_host.c - addresses of brokers and databases.
 */
#include "common/base/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
test_hosts(void **state)
{
	static const struct {
		const char *text, *host; /* NULL = refused */
		int port;
	} cases[] = {
		{"rabbit1", "rabbit1", 7},
		{"rabbit1:5672", "rabbit1", 5672},
		{"h:1", "h", 1},
		{"h:65535", "h", 65535},
		{"[::1]", "::1", 7},
		{"[::1]:5672", "::1", 5672},
		{"", NULL, 0},
		{":5672", NULL, 0},
		{"h:", NULL, 0},
		{"h:0", NULL, 0},
		{"h:65536", NULL, 0},
		{"h:99999", NULL, 0},
		{"h:18446744073709551617", NULL, 0},
		{"h:abc", NULL, 0},
		{"h:5672x", NULL, 0},
		{"h:+5", NULL, 0},
		{"h: 5", NULL, 0},
		{"h:-5", NULL, 0},
		{" h:5", NULL, 0},
		{"[::1", NULL, 0},
		{"[]", NULL, 0},
		{"[::1]5", NULL, 0},
		{"[::1]:", NULL, 0},
		{"::1", NULL, 0},
		{"fe80::1", NULL, 0},
		{"amqp://h:5672", NULL, 0},
		{"/run/socket", NULL, 0},
		{"0123456789abcdef", NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char host[16];
		int port, result = host_split(cases[i].text, 7, host, sizeof(host), &port);

		if ((result == 0) != (cases[i].host != NULL))
			fail_msg("\"%s\": %d", cases[i].text, result);
		if (result != 0)
			continue;
		assert_string_equal(host, cases[i].host);
		assert_int_equal(port, cases[i].port);
	}
	assert_true(host_is_address("/run/socket", true));
	assert_false(host_is_address("/run/socket", false));
	assert_false(host_is_address("run/socket", true));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
